import type { FastifyRequest } from 'fastify';
import { en } from './en.ts';
import type { Texts } from './texts.ts';
import { zhCn } from './zh-cn.ts';

/** Languages of the pages, each in its own words. */
export const languages = { en: 'English', 'zh-CN': '中文' } as const;
export type Language = keyof typeof languages;

const texts: Record<Language, Texts> = { en, 'zh-CN': zhCn };

export function textsIn(language: Language): Texts {
  return texts[language];
}

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(languages, text);
}

/** Set by the switch of the pages. */
export const languageCookie = 'language';

/** The texts for a request: as chosen by the switch, else the first language of the browser that there is, else English. */
export function textsFor({ cookies, headers }: Pick<FastifyRequest, 'cookies' | 'headers'>): Texts {
  // An error before the cookies are read has none.
  const chosen = (cookies as typeof cookies | undefined)?.[languageCookie] ?? '';
  return textsIn(isLanguage(chosen) ? chosen : ofBrowser(headers['accept-language'] ?? ''));
}

/** RFC 9110 12.5.4: ranges with weights, the most wanted first. */
function ofBrowser(accepted: string): Language {
  const wanted = accepted
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.trim().split(';');
      const weight = parameters.map((one) => /^\s*q=([\d.]+)\s*$/.exec(one)?.[1]).find((one) => one !== undefined);
      return { range: range.toLowerCase(), weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  for (const { range } of wanted) {
    if (/^zh\b/.test(range)) return 'zh-CN';
    if (/^en\b/.test(range)) return 'en';
  }
  return 'en';
}
