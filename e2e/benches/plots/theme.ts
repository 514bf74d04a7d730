// Colours and fonts of the pictures, on light and on dark pages.

/** Text, grid and background have other colours on dark pages; the colours of lines have enough contrast on both. */
export const palette = {
  ink: '#1f2328',
  grid: '#d0d7de',
  paper: '#ffffff',
  goal: '#cf4a4a',
  lines: ['#2f81f7', '#bf8700', '#2da44e', '#8957e5', '#cf4a9a', '#57606a'],
} as const;

const dark = { ink: '#e6edf3', grid: '#30363d', paper: '#0d1117' } as const;

/** Vega-Lite's configuration. */
export const config = {
  background: palette.paper,
  font: 'system-ui, sans-serif',
  padding: 12,
  view: { stroke: palette.grid },
  axis: {
    labelColor: palette.ink,
    titleColor: palette.ink,
    gridColor: palette.grid,
    domainColor: palette.grid,
    tickColor: palette.grid,
    titleFontWeight: 'normal',
    labelFontSize: 11,
    titleFontSize: 12,
  },
  legend: { labelColor: palette.ink, titleColor: palette.ink, labelFontSize: 11, labelLimit: 600 },
  title: { color: palette.ink, subtitleColor: palette.ink, fontSize: 13, subtitleFontSize: 11, anchor: 'start' },
};

/** Lets a picture follow the theme of the page: adds a style sheet that overrides the colours that Vega writes as attributes. */
export function inBothThemes(svg: string): string {
  const rules = (['ink', 'grid', 'paper'] as const).flatMap((name) =>
    (['fill', 'stroke'] as const).map((property) => `[${property}="${palette[name]}"]{${property}:${dark[name]}}`),
  );
  return svg.replace(/(<svg[^>]*>)/, `$1<style>@media (prefers-color-scheme: dark){${rules.join('')}}</style>`);
}
