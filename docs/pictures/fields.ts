// What Grafana does between a panel's query results and its drawing: transformations, defaults, overrides.
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  displayNameOverrideProcessor,
  type DataFrame,
  type DataTransformerInfo,
  type Field,
  FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  FieldType,
  type GrafanaTheme2,
  type InterpolateFunction,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

const transformers = new Set<DataTransformerInfo>(Object.values(standardTransformers)); // one has two names
standardTransformersRegistry.setInit(() =>
  [...transformers].map((info) => ({
    id: info.id,
    name: info.name,
    transformation: async () => info,
    editor: () => null,
    imageDark: '',
    imageLight: '',
  })),
);

export const transformed = (panel: any, frames: DataFrame[]): Promise<DataFrame[]> =>
  firstValueFrom(transformDataFrame(panel.transformations ?? [], frames));

const STANDARD = [
  'displayName',
  'description',
  'unit',
  'min',
  'max',
  'decimals',
  'noValue',
  'mappings',
  'thresholds',
  'color',
  'links',
  'filterable',
  'fieldMinMax',
];
const NUMBERS_ONLY = ['min', 'max', 'decimals', 'thresholds', 'custom.axisLabel'];

/** The defaults of Grafana's panel plugins, which the JSON may leave out. */
const PANEL_DEFAULTS: Record<string, any> = {
  timeseries: {
    color: { mode: 'palette-classic' },
    custom: {
      drawStyle: 'line',
      lineInterpolation: 'linear',
      lineWidth: 1,
      fillOpacity: 0,
      gradientMode: 'none',
      spanNulls: false,
      showPoints: 'auto',
      pointSize: 5,
      axisPlacement: 'auto',
      axisColorMode: 'text',
      barAlignment: 0,
      barWidthFactor: 0.6,
      stacking: { mode: 'none', group: 'A' },
      thresholdsStyle: { mode: 'off' },
      scaleDistribution: { type: 'linear' },
    },
  },
  table: { custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false } },
  'state-timeline': { custom: { fillOpacity: 70, lineWidth: 0, spanNulls: false } },
};

/** Return the field configuration with the plugin's defaults in it. */
export function completed(panel: any): FieldConfigSource {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const { custom, ...standard } = PANEL_DEFAULTS[panel.type] ?? {};
  const thresholds = {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      { color: 'red', value: 80 },
    ],
  };
  const source = structuredClone({
    defaults: {
      thresholds,
      color: { mode: 'thresholds' },
      ...standard,
      ...defaults,
      custom: { ...custom, ...defaults.custom },
    },
    overrides,
  });
  const overridden = overrides.flatMap((rule: any) => rule.properties).filter(({ id }: any) => id === 'thresholds');
  for (const { steps } of [source.defaults.thresholds, ...overridden.map(({ value }: any) => value)])
    steps[0].value = -Infinity;
  return source;
}

/** Put the labels of a series in place, as in `${__field.labels.phone}`. */
export const named: InterpolateFunction = (text, scope) =>
  text.replace(/\$\{__field\.labels\.(\w+)\}/g, (_, label) => scope?.__dataContext?.value.field?.labels?.[label] ?? '');

/** Return the frames as a panel component takes them: configured, coloured, with display functions. */
export function configured(source: FieldConfigSource, data: DataFrame[], theme: GrafanaTheme2): DataFrame[] {
  const inDefaults = Object.keys(source.defaults.custom ?? {});
  const inOverrides = source.overrides.flatMap(({ properties }) => properties.map(({ id }) => id));
  const custom = new Set([
    ...inDefaults.map((name) => `custom.${name}`),
    ...inOverrides.filter((id) => id.startsWith('custom.')),
  ]);
  const fieldConfigRegistry = new FieldConfigOptionsRegistry(() => [...STANDARD, ...custom].map(property));
  const frames = applyFieldOverrides({
    data,
    fieldConfig: source,
    fieldConfigRegistry,
    theme,
    replaceVariables: named,
  });
  cacheFieldDisplayNames(frames);
  return frames;
}

function property(id: string): FieldConfigPropertyItem {
  const isCustom = id.startsWith('custom.');
  return {
    id,
    isCustom,
    path: id.replace(/^custom\./, ''),
    name: id,
    editor: () => null,
    override: () => null,
    process: id === 'displayName' ? displayNameOverrideProcessor : (value) => value,
    shouldApply: ({ type }: Field) => type === FieldType.number || !NUMBERS_ONLY.includes(id),
  };
}

export const hasData = (frames: DataFrame[]) => frames.some(({ fields, length }) => fields.length > 0 && length > 0);
