import { type FormEvent, useState } from 'react';
import { useTranslations } from 'use-intl';

/** What a form of the entrance needs: its problem, whether it works, and what to do when it is sent. */
export function useEntry(
  invalid: () => Readonly<Record<string, string>>,
  enter: () => Promise<unknown>,
): Entry {
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [problem, setProblem] = useState<unknown>();
  const [isPending, setPending] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const found = invalid();
    setErrors(found);
    setProblem(undefined);
    const first = Object.keys(found)[0];
    if (first !== undefined) {
      const field = event.currentTarget.elements.namedItem(first);
      if (field instanceof HTMLElement) field.focus();
      return;
    }
    setPending(true);
    await enter().catch(setProblem);
    setPending(false);
  }
  return { errors, problem, isPending, submit };
}

interface Entry {
  /** What is wrong with a field, by its name. */
  errors: Readonly<Record<string, string>>;
  problem: unknown;
  isPending: boolean;
  submit: (event: FormEvent<HTMLFormElement>) => Promise<void>;
}

/** Returns a function that names the fields that are empty. */
export function useNeeded(): (fields: Readonly<Record<string, string>>) => Record<string, string> {
  const t = useTranslations('student.entry');
  return (fields) =>
    Object.fromEntries(
      Object.entries(fields)
        .filter(([, text]) => text.trim() === '')
        .map(([name]) => [name, t('needed')]),
    );
}
