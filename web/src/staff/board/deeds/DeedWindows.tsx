import type { BoardStore } from '../store';
import { HandOver } from './HandOver';
import { OrderWindow } from './OrderWindow';
import { RefusedWindow } from './RefusedWindow';
import { TakeOver } from './TakeOver';
import type { Deeds } from './useDeeds';

/** The window of what is being done just now. */
export function DeedWindows({ deeds, store }: { deeds: Deeds; store: BoardStore }) {
  const { window } = deeds;
  switch (window?.name) {
    case 'order':
      return <OrderWindow deeds={deeds} store={store} {...window} />;
    case 'hand_over':
      return <HandOver deeds={deeds} ids={window.ids} store={store} />;
    case 'take_over':
      return <TakeOver deeds={deeds} holder={window.holder} id={window.id} store={store} />;
    case 'refused':
      return <RefusedWindow onClose={deeds.close} outcome={window.outcome} store={store} />;
    default:
      return null;
  }
}
