import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { I18nProvider } from 'react-aria-components/I18nProvider';
import { IntlProvider, useMessages } from 'use-intl';
import { chosenLanguage, direction, formatOf, keepLanguage, type Language } from './languages';
import { type Loaded, loadWords, type Namespace } from './load';

/** After how long words that did not come are asked for again. */
const AGAIN_MS = 2_000;

interface Choice {
  language: Language;
  choose: (language: Language) => void;
}

const ChoiceContext = createContext<Choice>({ language: 'en', choose: () => undefined });

export interface WordsProps {
  /** The namespaces that the pages below use; no others are loaded. */
  of: readonly Namespace[];
  /** Shown until they are here. */
  fallback?: ReactNode;
  children: ReactNode;
}

/** The outermost element of an entry: gives all pages the words of the person's language. */
export function Words({ of, fallback = null, children }: WordsProps) {
  const [language, setLanguage] = useState(chosenLanguage);
  const loaded = useLoaded(language, of);
  const choice = useMemo(() => {
    const choose = (chosen: Language) => {
      keepLanguage(chosen);
      setLanguage(chosen);
    };
    return { language, choose };
  }, [language]);

  const shown = loaded?.language;
  useEffect(() => {
    if (!shown) return;
    document.documentElement.lang = shown;
    document.documentElement.dir = direction(shown);
  }, [shown]);

  if (!loaded) return fallback;
  return (
    <ChoiceContext value={choice}>
      <I18nProvider locale={formatOf(loaded.language)}>
        <IntlProvider
          locale={formatOf(loaded.language)}
          messages={loaded.words}
          timeZone={timeZone()}
        >
          {children}
        </IntlProvider>
      </I18nProvider>
    </ChoiceContext>
  );
}

/** Adds namespaces for a part that is loaded on its own: `<MoreWords of={['board']}>`. */
export function MoreWords({ of, fallback = null, children }: WordsProps) {
  const { language } = use(ChoiceContext);
  const outer = useMessages();
  const loaded = useLoaded(language, of);
  const all = useMemo(() => ({ ...outer, ...loaded?.words }), [outer, loaded]);
  if (!loaded) return fallback;
  return (
    <IntlProvider locale={formatOf(loaded.language)} messages={all} timeZone={timeZone()}>
      {children}
    </IntlProvider>
  );
}

/** The function that changes the language of all pages and remembers it. */
export function useChooseLanguage(): (language: Language) => void {
  return use(ChoiceContext).choose;
}

/** The language that the person has chosen. */
export function useLanguage(): Language {
  return use(ChoiceContext).language;
}

/** The words of a language; while another one loads, still the old ones; without network, later. */
function useLoaded(language: Language, of: readonly Namespace[]) {
  const [loaded, setLoaded] = useState<{ language: Language; words: Loaded }>();
  const names = of.join();
  useEffect(() => {
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const load = () => {
      loadWords(language, names.split(',') as Namespace[]).then(
        (words) => isWanted && setLoaded({ language, words }),
        () => {
          if (isWanted) timer = setTimeout(load, AGAIN_MS);
        },
      );
    };
    load();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [language, names]);
  return loaded;
}

function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
