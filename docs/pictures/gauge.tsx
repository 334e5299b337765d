// OUR drawing, not Grafana's: its gauge is not in the published packages (13.2). An arc, a value and a name.
import { type FieldDisplay, formattedValueToString } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';

const HALF_SWEEP = (125 * Math.PI) / 180; // the arc leaves the lower part of the circle open

export function Gauge({
  value,
  width,
  height,
  named,
}: {
  value: FieldDisplay;
  width: number;
  height: number;
  named: boolean;
}) {
  const theme = useTheme2();
  const {
    display,
    field: { min = 0, max = 100 },
  } = value;
  const label = named ? 22 : 0;
  const radius = Math.max(Math.min(width / 2, (height - label) / 1.62) - 6, 10);
  const thickness = radius * 0.22;
  const middle = radius - thickness / 2;
  const share = Math.min(Math.max((display.numeric - min!) / (max! - min!), 0), 1) || 0;
  const text = formattedValueToString(display);
  const size = Math.min(radius * 0.5, (radius * 2.4) / Math.max(text.length, 1));
  const centre = { x: width / 2, y: (height - label - radius * 1.57) / 2 + radius };
  return (
    <svg width={width} height={height} fontFamily={theme.typography.fontFamily} textAnchor="middle">
      <g transform={`translate(${centre.x} ${centre.y})`} fill="none" strokeWidth={thickness} strokeLinecap="round">
        <path d={arc(middle, 1)} stroke={theme.colors.action.hover} />
        {share > 0 && <path d={arc(middle, share)} stroke={display.color} />}
      </g>
      <text x={centre.x} y={centre.y + size * 0.35} fontSize={size} fontWeight={500} fill={theme.colors.text.primary}>
        {text}
      </text>
      {named && (
        <text x={centre.x} y={height - 5} fontSize={14} fill={theme.colors.text.primary}>
          {display.title}
        </text>
      )}
    </svg>
  );
}

/** Return the path of the first part of the arc; `share` is from 0 to 1. */
function arc(radius: number, share: number): string {
  const end = -HALF_SWEEP + 2 * HALF_SWEEP * share;
  const point = (angle: number) => `${radius * Math.sin(angle)} ${-radius * Math.cos(angle)}`;
  return `M ${point(-HALF_SWEEP)} A ${radius} ${radius} 0 ${end + HALF_SWEEP > Math.PI ? 1 : 0} 1 ${point(end)}`;
}
