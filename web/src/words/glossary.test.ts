import { expect, it } from 'vitest';

/** The platform's words in Hindi: one for each thing on all pages, and other words for it that once stood there. */
const GLOSSARY: [english: string, hindi: string, never: string[]][] = [
  ['student', 'विद्यार्थी', ['परीक्षार्थी', 'छात्र', 'उम्मीदवार']],
  ['proctor', 'निरीक्षक', ['पर्यवेक्षक']],
  ['grader', 'परीक्षक', []],
  ['hall in charge', 'हॉल प्रभारी', ['केंद्र-प्रभारी', 'केंद्र-प्रभारियों']],
  ['attempt', 'प्रयास', []],
  ['board', 'निगरानी बोर्ड', ['पट ', 'निगरानी पट']],
  ['status, state', 'स्थिति', ['दशा']],
  ['deadline', 'समय-सीमा', ['अंतिम समय']],
  ['event', 'घटना', []],
  ['violation', 'उल्लंघन', []],
  ['risk', 'जोखिम', []],
  ['review', 'समीक्षा', []],
  ['appeal', 'अपील', []],
  ['evidence', 'साक्ष्य', ['सबूत']],
  ['action', 'कार्रवाई', []],
  ['claim', 'ज़िम्मेदारी', ['देख-रेख']],
  ['chat', 'चैट', ['बातचीत']],
  ['filter', 'फ़िल्टर', ['छँटाई']],
  ['full screen', 'पूर्ण स्क्रीन', ['पूरी स्क्रीन']],
  ['window', 'विंडो', ['खिड़की']],
  ['developer tools', 'डेवलपर टूल', ['डेवलपर उपकरण']],
  ['misconduct', 'अनुचित आचरण', ['कदाचार']],
  ['not allowed', 'वर्जित', ['अवैध']],
];

const FILES = import.meta.glob<string>('./hi/*.json', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const ALL = Object.values(FILES).join('\n');

it.each(GLOSSARY)('“%s” is %s in Hindi, everywhere', (_english, hindi, never) => {
  expect(ALL).toContain(hindi);
  expect(never.filter((other) => ALL.includes(other))).toEqual([]);
});
