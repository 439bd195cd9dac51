import { useTranslations } from 'use-intl';

/** Returns the function that names a type of event; one that we have no words for names itself. */
export function useEventName(): (type: string) => string {
  const t = useTranslations('attempt');
  return (type) => {
    const key = `types.${type}` as 'types.tab_switch';
    return t.has(key) ? t(key) : type.replaceAll('_', ' ');
  };
}

/** Returns the function that names a rule of the risk score, the same way. */
export function useRuleName(): (id: string) => string {
  const t = useTranslations('attempt');
  return (id) => {
    const key = `rules.${id}` as 'rules.burst';
    return t.has(key) ? t(key) : id.replaceAll('-', ' ');
  };
}
