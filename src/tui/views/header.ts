import { WINDOW_LABELS } from '../../pipeline/stats/types.ts';
import { bold, type Colour, dim, fitLine, type Line, lineWidth, span, spread } from '../format/line.ts';
import { displayText, truncate } from '../format/text.ts';
import { dateTime, duration, timeOfDay, zoneLabel } from '../format/time.ts';
import { type DashboardState, sortInEffect } from '../state.ts';

/** From this age on, what is shown is called stale. */
const STALE_MS = 3000;
/** From this time without events on, a running shop is called quiet. */
const QUIET_MS = 60_000;
/** Fewer columns have no room for the date beside the longer word. */
const SIMULATED_DATE_COLUMNS = 50;

/** The shop, the windows to choose from, and how fresh the numbers are. */
export function headerLine(state: DashboardState, now: number, width: number): Line {
  const status = statusSpans(state, now, width);
  const windows: Line =
    width >= 76
      ? WINDOW_LABELS.map((label) =>
          label === state.window ? span(` ${label} `, { inverse: true }) : dim(` ${label} `),
        )
      : [span(` ${state.window} `, { inverse: true })];
  const right: Line = [...windows, span('  '), ...status, span(' ')];
  const name: Line = [span(' ecom', { bold: true, colour: 'cyan' }), span(' ')];
  const room = width - lineWidth(right) - lineWidth(name) - 1;
  const title = room >= 6 ? [bold(truncate(displayText(state.title), room))] : [];
  return spread([...name, ...title], right, width);
}

/** One mark and a word or two; the mark differs in shape too, for terminals without colour. */
function statusSpans(state: DashboardState, now: number, width: number): Line {
  const { model } = state;
  if (model === undefined) return [dim('◌ reading')];
  const age = now - state.readAt;
  if (age >= STALE_MS)
    return mark('✖', 'red', `${model.stats.simulated ? 'SIMULATED, ' : ''}STALE ${duration(age)}`);
  const { asOf, freshness, timeZone: zone, simulated } = model.stats;
  if (freshness.newestEvent === null) return mark('○', 'yellow', 'NO EVENTS');
  // Of what is simulated only the mark tells which of them it is.
  const word = (usual: string): string => (simulated ? 'SIMULATED' : usual);
  if (asOf.basis === 'latest-event') {
    const when = simulated && width < SIMULATED_DATE_COLUMNS ? '' : ` ${dateTime(asOf.time, zone)}`;
    return mark('◆', 'cyan', `${word('HISTORY')}${when}`);
  }
  const lag = freshness.lagMs ?? 0;
  if (lag >= QUIET_MS) return mark('◐', 'yellow', `${word('QUIET')} ${duration(lag)}`);
  const time = `${timeOfDay(asOf.time, zone)} ${zoneLabel(asOf.time, zone)}`;
  return mark('●', simulated ? 'yellow' : 'green', `${word('LIVE')} ${time}`);
}

function mark(symbol: string, colour: Colour, text: string): Line {
  return [span(symbol, { colour }), span(` ${text}`)];
}

/** The keys, or what is wrong while something is. */
export function footerLine(state: DashboardState, now: number, width: number): Line {
  if (state.problem !== undefined) {
    const age = state.model === undefined ? '' : ` · numbers are ${duration(now - state.readAt)} old`;
    const text = ` ${displayText(state.problem)} · trying again${age}`;
    return spread(
      [span(text, { inverse: true, colour: 'red' })],
      [span(' q ', { bold: true }), dim('quit ')],
      width,
    );
  }
  const keys = [
    ['q', 'quit'],
    ['?', 'help'],
    ['←→', 'window'],
    ['s', `sort: ${sortInEffect(state)}`],
    ['r', state.recommendations ? 'top products' : 'recommendations'],
  ] as const;
  return fitLine(
    keys.flatMap(([key, meaning]) => [bold(` ${key} `), dim(`${meaning} `)]),
    width,
  );
}
