import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { IntlProvider } from 'use-intl';
import { chosenLanguage, direction, keepLanguage, type Language } from './languages';

type Namespace = Record<string, unknown>;
const FILES = import.meta.glob<Namespace>('./*/*.json', { import: 'default' });

const Choice = createContext<(language: Language) => void>(() => undefined);

/** Gives the pages below the words of the person's language; a language is loaded when it is chosen. */
export function Words({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(chosenLanguage);
  const [messages, setMessages] = useState<Record<string, Namespace>>();

  useEffect(() => {
    let isWanted = true;
    load(language).then((loaded) => {
      if (!isWanted) return;
      document.documentElement.lang = language;
      document.documentElement.dir = direction(language);
      setMessages(loaded);
    });
    return () => {
      isWanted = false;
    };
  }, [language]);

  const choose = useMemo(
    () => (chosen: Language) => {
      keepLanguage(chosen);
      setLanguage(chosen);
    },
    [],
  );
  if (!messages) return null;
  return (
    <Choice value={choose}>
      <IntlProvider locale={language} messages={messages} timeZone={timeZone()}>
        {children}
      </IntlProvider>
    </Choice>
  );
}

/** The function that changes the language of all pages and remembers it. */
export function useChooseLanguage(): (language: Language) => void {
  return use(Choice);
}

async function load(language: Language): Promise<Record<string, Namespace>> {
  const wanted = Object.entries(FILES).filter(([path]) => path.startsWith(`./${language}/`));
  const loaded = await Promise.all(
    wanted.map(async ([path, read]) => [namespaceOf(path), await read()] as const),
  );
  return Object.fromEntries(loaded);
}

function namespaceOf(path: string): string {
  return path.replace(/^.*\/(.*)\.json$/, '$1');
}

function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
