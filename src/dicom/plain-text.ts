/**
 * A text that any character set can write (PS3.5 6.1.1), also in an attribute of several values: what is not ASCII, control
 * characters and backslashes become '?'.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[^ -[\]-~]/g, '?');
}
