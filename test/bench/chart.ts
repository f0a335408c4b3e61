import { type EChartsOption, init } from 'echarts';
import { CONTESTANTS, type Contestant, type Standing } from './report';

const SIZE = { width: 880, height: 340 };
/** Colours that stand out from white and from black. */
const GREY = '#767676';
const FAINT = '#76767640';
const COLORS: Record<Contestant, string> = {
  service: '#2f81f7',
  bare: '#2da44e',
  textbook: '#e16f24',
  pgbench: '#a05fd6',
};

/** Side by side, with the connections as the x axis of each. */
const PANELS = [
  { figure: 'requestsPerSecond', name: 'PATCH per second', type: 'value', left: 60 },
  { figure: 'p99', name: 'p99 in ms', type: 'log', left: 510 },
] as const;

const AXIS = {
  axisLine: { show: true, lineStyle: { color: GREY } },
  axisTick: { show: false },
  axisLabel: { color: GREY },
  nameTextStyle: { color: GREY },
  silent: true,
};

/** Throughput and p99 over the number of connections, as SVG. */
export function drawChart(standings: Standing[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  chart.setOption(optionsOf(standings));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function optionsOf(standings: Standing[]): EChartsOption {
  const contestants = CONTESTANTS.filter((contestant) => standings.some(({ loads }) => loads[contestant]));
  const connections = standings.map((standing) => standing.connections);
  return {
    animation: false,
    textStyle: { fontFamily: 'sans-serif' },
    legend: { top: 0, itemGap: 20, selectedMode: false, textStyle: { color: GREY } },
    grid: PANELS.map(({ left }) => ({ left, width: 350, top: 60, bottom: 45 })),
    xAxis: PANELS.map((_, gridIndex) => ({
      ...AXIS,
      gridIndex,
      type: 'log' as const,
      logBase: 4,
      min: Math.min(...connections),
      max: Math.max(...connections),
      name: 'connections',
      nameLocation: 'middle' as const,
      nameGap: 28,
      splitLine: { show: false },
    })),
    yAxis: PANELS.map(({ name, type }, gridIndex) => ({
      ...AXIS,
      gridIndex,
      type,
      name,
      splitLine: { lineStyle: { color: FAINT } },
    })) as EChartsOption['yAxis'],
    series: contestants.flatMap((contestant) =>
      PANELS.map(({ figure }, index) => ({
        type: 'line' as const,
        name: contestant,
        xAxisIndex: index,
        yAxisIndex: index,
        color: COLORS[contestant],
        symbol: 'circle',
        symbolSize: 6,
        silent: true,
        clip: false,
        data: standings.flatMap(({ connections, loads: { [contestant]: load } }) =>
          load ? [[connections, load[figure]]] : [],
        ),
      })),
    ),
  };
}
