import type { ReactNode } from 'react';
import styles from './icons.module.css';

/** A picture of 24 × 24 in the colour and size of the text around it; it says nothing to screen readers. */
export type Icon = () => ReactNode;

function icon(path: string, isMirrored = false): Icon {
  const className = isMirrored ? `${styles.icon} ${styles.mirrored}` : styles.icon;
  return () => (
    <svg aria-hidden="true" className={className} focusable="false" viewBox="0 0 24 24">
      <path d={path} />
    </svg>
  );
}

/* All drawn on one grid with one stroke; those that point along the line of writing are mirrored. */
export const IconAdd = icon('M12 5v14M5 12h14');
export const IconBack = icon('M19 12H5m6-6-6 6 6 6', true);
export const IconBell = icon('M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 21h4');
export const IconCamera = icon('M4 7h4l1.5-2h5L16 7h4v12H4zM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6z');
export const IconChat = icon('M4 5h16v11H10l-4 4v-4H4z');
export const IconCheck = icon('m5 12.5 4.5 4.5L19 7.5');
export const IconChevron = icon('m9 6 6 6-6 6', true);
export const IconClock = icon('M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2');
export const IconClose = icon('M6 6l12 12M18 6 6 18');
export const IconDown = icon('m6 9 6 6 6-6');
export const IconDownload = icon('M12 4v11m-5-4.5 5 5 5-5M5 20h14');
export const IconEdit = icon('M4 20h4L19 9l-4-4L4 16zM13 7l4 4');
export const IconEye = icon(
  'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
);
export const IconFlag = icon('M6 21V4h11l-2 4 2 4H6', true);
export const IconForward = icon('M5 12h14m-6-6 6 6-6 6', true);
export const IconFull = icon('M9 4H4v5m16 0V4h-5M4 15v5h5m6 0h5v-5');
export const IconHand = icon(
  'M8 12V6a1.5 1.5 0 0 1 3 0V4.5a1.5 1.5 0 0 1 3 0V6a1.5 1.5 0 0 1 3 0v8c0 4-2 7-5.5 7-3 0-4.5-1.5-6-4.5l-1.8-3.5a1.4 1.4 0 0 1 2.3-1.5zM11 6v5m3-6.5V11',
);
export const IconHome = icon('M4 11 12 4l8 7v9h-5v-6H9v6H4z');
export const IconInfo = icon('M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.2v.1');
export const IconLanguage = icon(
  'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18-5-5-5-13 0-18z',
);
export const IconLock = icon('M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3');
export const IconMenu = icon('M4 7h16M4 12h16M4 17h16');
export const IconMoon = icon('M19 14.5A8 8 0 0 1 9.5 5 8 8 0 1 0 19 14.5z');
export const IconMore = icon('M5 12h.1M12 12h.1M19 12h.1');
export const IconOffline = icon(
  'M3 4l18 17M5 12a10 10 0 0 1 4-2.5M2 8.5A15 15 0 0 1 6 6m4.5-1A15 15 0 0 1 22 8.5M14 10a10 10 0 0 1 5 2M8.5 15.5a5 5 0 0 1 6-.5M12 19.5v.1',
);
export const IconOnline = icon(
  'M2 8.5a15 15 0 0 1 20 0M5 12a10 10 0 0 1 14 0M8.5 15.5a5 5 0 0 1 7 0M12 19.5v.1',
);
export const IconPause = icon('M8 5v14M16 5v14');
export const IconPlay = icon('M8 5v14l11-7z');
export const IconRefresh = icon('M20 5v5h-5M4 19v-5h5M19.5 10A8 8 0 0 0 5 8m-.5 6A8 8 0 0 0 19 16');
export const IconScreen = icon('M3 5h18v11H3zM9 20h6M12 16v4');
export const IconSearch = icon('M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20');
export const IconSend = icon('M4 4l17 8-17 8 3-8zM7 12h14', true);
export const IconSilent = icon('M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9.5l5 5m0-5-5 5', true);
export const IconSort = icon('m8 9 4-4 4 4M8 15l4 4 4-4');
export const IconSound = icon(
  'M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9a4 4 0 0 1 0 6m2.5-9a8 8 0 0 1 0 12',
  true,
);
export const IconStop = icon('M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 7.5V13M12 16.5v.1');
export const IconSun = icon(
  'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.700 1.700M17.300 17.300 19 19M5 19l1.700-1.700M17.300 6.700 19 5',
);
export const IconTrash = icon('M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5');
export const IconUndo = icon('M9 5 4 10l5 5M4 10h10a5.5 5.5 0 0 1 0 11h-3', true);
export const IconUp = icon('m6 15 6-6 6 6');
export const IconUpload = icon('M12 16V5M7 9.5l5-5 5 5M5 20h14');
export const IconUser = icon('M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c1-4 4-6 7.5-6s6.5 2 7.5 6');
export const IconWarning = icon('M12 4 2.5 20h19zM12 10v4.5M12 17.2v.1');
