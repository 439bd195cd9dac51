import type { ReactNode } from 'react';
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from 'react-aria-components/Tabs';
import styles from './Tabs.module.css';

/** A few views of one thing; arrow keys change them. */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  label: string;
  tabs: readonly { key: string; label: ReactNode; content: ReactNode }[];
  selected?: string;
  onSelect?: (key: string) => void;
}) {
  return (
    <AriaTabs
      className={`${styles.tabs}`}
      {...(selected === undefined ? {} : { selectedKey: selected })}
      {...(onSelect ? { onSelectionChange: (key) => onSelect(String(key)) } : {})}
    >
      <TabList aria-label={label} className={`${styles.list}`}>
        {tabs.map((tab) => (
          <Tab className={`${styles.tab}`} id={tab.key} key={tab.key}>
            {tab.label}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel className={`${styles.panel}`} id={tab.key} key={tab.key}>
          {tab.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
