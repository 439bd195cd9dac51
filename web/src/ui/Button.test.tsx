// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import { IntlProvider } from 'use-intl';
import { afterEach, expect, it, vi } from 'vitest';
import common from '../words/en/common.json';
import ui from '../words/en/ui.json';
import { Button, type ButtonProps } from './Button';

afterEach(cleanup);

function shown(props: Omit<ButtonProps, 'children'>) {
  render(
    <IntlProvider locale="en" messages={{ common, ui } as never} timeZone="UTC">
      <Button {...props}>{ui.save}</Button>
    </IntlProvider>,
  );
  return screen.getByRole<HTMLButtonElement>('button', { name: /Save/ });
}

it('does its deed when it is pressed', () => {
  const save = vi.fn();
  shown({ onPress: save }).click();
  expect(save).toHaveBeenCalledTimes(1);
});

it('takes no press while it is pending, and keeps the focus', () => {
  const save = vi.fn();
  const button = shown({ onPress: save, isPending: true, type: 'submit' });
  button.focus();
  button.click();
  expect(save).not.toHaveBeenCalled();
  expect(document.activeElement).toBe(button);
  expect(button.type).toBe('button');
  expect(button.getAttribute('aria-disabled')).toBe('true');
});

it('says that something goes on', () => {
  shown({ isPending: true });
  expect(document.querySelector('[data-live-announcer]')?.textContent).toContain(ui.busy);
});
