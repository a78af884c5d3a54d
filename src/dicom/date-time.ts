/** DA and TM (PS3.5 table 6.2-1) in the time zone of this machine, as the other systems of a clinic write them. */
export function dicomDateTime(moment: Date): [date: string, time: string] {
  const digits = (value: number, count = 2): string => String(value).padStart(count, '0');
  return [
    digits(moment.getFullYear(), 4) + digits(moment.getMonth() + 1) + digits(moment.getDate()),
    digits(moment.getHours()) + digits(moment.getMinutes()) + digits(moment.getSeconds()),
  ];
}

/** A DA, with the points that ACR-NEMA had (PS3.5 table 6.2-1), as YYYYMMDD; '' where the text is no day of the calendar. */
export function dicomDate(text: string): string {
  const [, year, month, day] = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(text.trim()) ?? [];
  const moment = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(moment.getTime()) || moment.getUTCDate() !== Number(day) ? '' : `${year}${month}${day}`;
}
