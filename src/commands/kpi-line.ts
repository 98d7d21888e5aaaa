import { type Stats } from '../pipeline/stats/types.ts';

/** One readable line of the shop's numbers, for a terminal without dashboard or a log. */
export function kpiLine({ asOf, window, kpis, freshness, simulated }: Stats): string {
  const { revenue } = kpis;
  const parts = [
    `${count(kpis.events)} events`,
    `${kpis.eventsPerSecond === null ? '-' : count(Math.round(kpis.eventsPerSecond * 10) / 10)}/s`,
    `${count(kpis.activeUsers['5m'])} active`,
    `${count(kpis.sessions)} sessions`,
    `${count(kpis.orders)} orders`,
    `${amount(revenue.net)} ${revenue.currency} net`,
    `conversion ${kpis.conversion.session === null ? '-' : `${(kpis.conversion.session * 100).toFixed(1)}%`}`,
    `${freshness.backlog === null ? '?' : count(freshness.backlog)} waiting`,
    `${count(freshness.rejected)} rejected`,
  ];
  return `${asOf.time.slice(11, 19)} [${window.label}] ${simulated ? 'SIMULATED · ' : ''}${parts.join(' · ')}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Groups the digits of a decimal string, which may be longer than a number can hold. */
function amount(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction.slice(0, 2)}`;
}
