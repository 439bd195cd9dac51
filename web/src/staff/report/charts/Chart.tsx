import 'uplot/dist/uPlot.min.css';
import { type ReactNode, useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { useTranslations } from 'use-intl';
import { Disclosure } from '../../../ui/Disclosure';
import styles from './Chart.module.css';
import { type Inks, inksOf, onThemeChange } from './colours';

export type Drawing = (inks: Inks) => Omit<UPlot.Options, 'width' | 'height'>;

export interface ChartProps {
  /** What the picture shows, in one sentence with its most important figure. */
  label: string;
  /** The picture; has to stay the same object while it shows the same. */
  drawing: Drawing;
  data: UPlot.AlignedData;
  height?: number;
  /** The same as a table, for everybody who does not see pictures or wants the figures. */
  table: ReactNode;
}

/** A picture on a canvas and the table that says the same. */
export function Chart({ label, drawing, data, height = 220, table }: ChartProps) {
  const t = useTranslations('report');
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    return element ? kept(element, drawing, data, height) : undefined;
  }, [drawing, data, height]);
  return (
    <figure className={styles.figure}>
      <div aria-label={label} className={styles.canvas} ref={place} role="img" />
      <figcaption>
        <Disclosure summary={t('as_table')}>{table}</Disclosure>
      </figcaption>
    </figure>
  );
}

/** Draws, and draws anew when the place or the colours change; returns its own end. */
function kept(element: HTMLElement, drawing: Drawing, data: UPlot.AlignedData, height: number) {
  let plot: UPlot | undefined;
  const draw = () => {
    plot?.destroy();
    const width = element.clientWidth;
    const options = {
      cursor: { show: false },
      legend: { show: false },
      ...drawing(inksOf(element)),
    };
    plot = width > 0 ? new UPlot({ ...options, width, height }, data, element) : undefined;
  };
  const sizes = new ResizeObserver(() => {
    if (plot) plot.setSize({ width: element.clientWidth, height });
    else draw();
  });
  sizes.observe(element);
  const stop = onThemeChange(draw);
  draw();
  return () => {
    sizes.disconnect();
    stop();
    plot?.destroy();
  };
}
