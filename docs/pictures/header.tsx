// OUR drawing, not Grafana's: the bar above a dashboard, made of buttons and labels of @grafana/ui.
import { type TimeRange } from '@grafana/data';
import { Icon, InlineField, InlineSwitch, RefreshPicker, TimeRangePicker, ToolbarButton } from '@grafana/ui';
import { chosenText, type Variable, type Variables } from './variables';

const nothing = () => {};
const LABEL_HIDDEN = 1;
const HIDDEN = 2;

export function Header({ dashboard, range, variables }: { dashboard: any; range: TimeRange; variables: Variables }) {
  const annotations = (dashboard.annotations?.list ?? []).filter(({ builtIn, hide }: any) => !builtIn && !hide);
  return (
    <header>
      <div className="breadcrumbs">
        <span>Home</span> <Icon name="angle-right" /> <span>Dashboards</span> <Icon name="angle-right" />{' '}
        <strong>{dashboard.title}</strong>
      </div>
      <div className="controls">
        <div className="controls left">
          {variables
            .filter(({ hide }) => hide !== HIDDEN)
            .map((variable) => (
              <Picker key={variable.name} {...variable} />
            ))}
          {annotations.map(({ name, enable }: any) => (
            <InlineField key={name} label={name}>
              <InlineSwitch value={Boolean(enable)} onChange={nothing} />
            </InlineField>
          ))}
        </div>
        {(dashboard.links ?? []).map(({ title, asDropdown, type }: any) => (
          <ToolbarButton
            key={title}
            variant="canvas"
            icon={type === 'link' ? 'external-link-alt' : 'bars'}
            isOpen={asDropdown ? false : undefined}
          >
            {title}
          </ToolbarButton>
        ))}
        <TimeRangePicker
          value={range}
          timeZone="browser"
          isOnCanvas
          onChange={nothing}
          onChangeTimeZone={nothing}
          onMoveBackward={nothing}
          onMoveForward={nothing}
          onZoom={nothing}
        />
        <RefreshPicker value={dashboard.refresh || ''} onIntervalChanged={nothing} onRefresh={nothing} isOnCanvas />
      </div>
    </header>
  );
}

function Picker(variable: Variable) {
  return (
    <div className="variable">
      {variable.hide !== LABEL_HIDDEN && <label>{variable.label}</label>}
      <span className="value">
        {chosenText(variable)}
        <Icon name="angle-down" />
      </span>
    </div>
  );
}
