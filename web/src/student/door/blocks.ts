/**
 * Instructions of an exam as blocks: headings (`#`), lists (`-`, `*`) and paragraphs of what their author
 * wrote. Everything else stays the text that it is. Pure.
 */

export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'list'; items: string[] }
  | { kind: 'paragraph'; text: string };

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let isOpen = false; // whether the next line goes on with the last block
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    isOpen = line !== '' && taken(blocks, line, isOpen);
  }
  return blocks;
}

function taken(blocks: Block[], line: string, isOpen: boolean): boolean {
  const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
  if (heading !== undefined) {
    blocks.push({ kind: 'heading', text: heading });
    return false;
  }
  const item = /^[-*]\s+(.*)$/.exec(line)?.[1];
  if (item !== undefined) listed(blocks, item);
  else continued(blocks, line, isOpen);
  return true;
}

function listed(blocks: Block[], item: string): void {
  const last = blocks.at(-1);
  if (last?.kind === 'list') last.items.push(item);
  else blocks.push({ kind: 'list', items: [item] });
}

function continued(blocks: Block[], line: string, isOpen: boolean): void {
  const last = blocks.at(-1);
  if (!isOpen || !last || last.kind === 'heading') {
    blocks.push({ kind: 'paragraph', text: line });
  } else if (last.kind === 'list') {
    last.items.push(`${last.items.pop() ?? ''} ${line}`);
  } else {
    last.text += ` ${line}`;
  }
}
