import { InvalidArgumentError, Option } from 'commander';

export function fromOption(): Option {
  return new Option(
    '--from <time>',
    'from a year, month, date or time on, such as 2026-11 or 2026-11-25T09:30',
  );
}

export function toOption(): Option {
  return new Option('--to <time>', 'up to a time, or to the end of a year, month or date');
}

export function whereOption(): Option {
  return new Option(
    '--where <condition...>',
    'count only what fits, such as category=electronics or country=DE,AT; several must all hold',
  );
}

export function robotsOption(): Option {
  return new Option('--include-robots', 'count what known robots sent like what others did');
}

export function demoOption(): Option {
  return new Option('--demo', 'the simulated shop, which has a folder of its own');
}

export function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function positive(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number > 0 && number <= 1e9))
    throw new InvalidArgumentError('it is not a number above 0.');
  return number;
}

export function whole(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || number > 1e12)
    throw new InvalidArgumentError('it is not a whole number above 0.');
  return number;
}

export function share(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 1))
    throw new InvalidArgumentError('it is not a number from 0 to 1.');
  return number;
}
