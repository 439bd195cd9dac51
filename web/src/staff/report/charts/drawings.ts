/** The pictures of a report as uPlot wants them; pure but for the colours that are handed in. */

import UPlot from 'uplot';
import { stepOf } from '../figures';
import type { Drawing } from './Chart';
import type { Inks } from './colours';

const FONT = '12px system-ui, sans-serif';
/** What stands beside the bars: the axis of counts with its name, and the space at the end. */
const BESIDE = 56 + 20 + 24;
/** Half a figure of the axis may stand above its line: more is an empty strip below a heading. */
const PADDING: UPlot.Padding = [8, null, null, null];
const BARS = UPlot.paths.bars?.({ size: [0.7, 60] });

/** Bars side by side, one for each of `names`; `axis` says what is counted. */
export function bars(names: readonly string[], axis: string): Drawing {
  return (inks) => ({
    padding: PADDING,
    scales: { x: { time: false, range: () => [-0.6, names.length - 0.4] }, y: { range: fromZero } },
    axes: [namesAxis(names, inks), countAxis(axis, inks)],
    series: [
      {},
      {
        fill: inks.accent,
        stroke: inks.accent,
        ...(BARS && { paths: BARS }),
        points: { show: false },
      },
    ],
  });
}

/** A box for each of `names`: the middle half of the class with its median. Data: x, lower, median, upper. */
export function boxes(names: readonly string[], axis: string): Drawing {
  return (inks) => ({
    padding: PADDING,
    scales: { x: { time: false, range: () => [-0.6, names.length - 0.4] }, y: { range: fromZero } },
    axes: [namesAxis(names, inks), countAxis(axis, inks)],
    series: [{}, ...[1, 2, 3].map(() => ({ paths: () => null, points: { show: false } }))],
    hooks: { draw: [(plot) => drawBoxes(plot, inks)] },
  });
}

function drawBoxes(plot: UPlot, inks: Inks): void {
  const [places = [], lower = [], median = [], upper = []] = plot.data;
  const { ctx } = plot;
  const at = (value: number, scale: 'x' | 'y') => plot.valToPos(value, scale, true);
  const width = Math.min((at(1, 'x') - at(0, 'x')) * 0.6, 40 * devicePixelRatio);
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  places.forEach((place, index) => {
    const [low, middle, high] = [lower[index], median[index], upper[index]];
    if (low == null || middle == null || high == null || place == null) return;
    const left = at(place, 'x') - width / 2;
    const top = at(high, 'y');
    ctx.fillStyle = inks['accent-quiet'];
    ctx.strokeStyle = inks.accent;
    ctx.fillRect(left, top, width, at(low, 'y') - top);
    ctx.strokeRect(left, top, width, at(low, 'y') - top);
    ctx.fillStyle = inks.accent;
    ctx.fillRect(left, at(middle, 'y') - devicePixelRatio, width, 3 * devicePixelRatio);
  });
  ctx.restore();
}

function fromZero(_plot: UPlot, _least: number | null, most: number | null): [number, number] {
  return [0, Math.max((most ?? 0) * 1.05, 1)];
}

function namesAxis(names: readonly string[], inks: Inks): UPlot.Axis {
  return {
    stroke: inks['text-quiet'],
    font: FONT,
    size: 30,
    grid: { show: false },
    ticks: { show: false },
    splits: () => names.map((_, place) => place),
    values: (plot, places) => {
      const room = (plot.width - BESIDE) / (names.length + 0.2);
      const step = stepOf(widthsOf(plot.ctx, names), room);
      return places.map((place) => (place % step === 0 ? (names[place] ?? '') : ''));
    },
  };
}

function widthsOf(ctx: CanvasRenderingContext2D, names: readonly string[]): number[] {
  ctx.save();
  ctx.font = FONT;
  const widths = names.map((name) => ctx.measureText(name).width);
  ctx.restore();
  return widths;
}

function countAxis(label: string, inks: Inks): UPlot.Axis {
  return {
    label,
    labelSize: 20,
    size: 56,
    stroke: inks['text-quiet'],
    grid: { stroke: inks['line-quiet'], width: 1 },
    ticks: { show: false },
    incrs: [1, 2, 5, 10, 20, 30, 50, 60, 100, 120, 200, 300, 500, 600, 1_000, 2_000, 5_000, 10_000],
  };
}
