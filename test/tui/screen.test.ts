import { describe, expect, it } from 'vitest';
import { WINDOW_LABELS } from '../../src/pipeline/stats/types.ts';
import { lineText, lineWidth } from '../../src/tui/format/line.ts';
import { fitText } from '../../src/tui/format/text.ts';
import { type DashboardModel } from '../../src/tui/source.ts';
import { type DashboardState } from '../../src/tui/state.ts';
import { presentScreen } from '../../src/tui/views/screen.ts';
import { modelFixture, NOW, stateFixture } from './stats-fixture.ts';

/** The screen as rows of text: later blocks lie over earlier ones. */
function screenText(state: DashboardState, now = NOW): string {
  const { columns, rows } = state.size;
  const screen = Array.from({ length: rows - 1 }, () => [] as string[]);
  for (const { rect, lines } of presentScreen(state, now)) {
    lines.forEach((line, index) => {
      const row = screen[rect.y + index]!;
      let column = rect.x;
      for (const character of lineText(line)) {
        row[column] = character;
        const wide = lineWidth([{ text: character }]) === 2;
        if (wide) row[column + 1] = '';
        column += wide ? 2 : 1;
      }
    });
  }
  return screen
    .map((row) =>
      Array.from({ length: columns }, (_, x) => row[x] ?? ' ')
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

const empty: DashboardModel = {
  components: [],
  stats: {
    ...modelFixture().stats,
    freshness: {
      ...modelFixture().stats.freshness,
      newestEvent: null,
      lagMs: null,
      rejected: 0,
      rejectedByReason: {},
    },
    kpis: {
      ...modelFixture().stats.kpis,
      eventsPerSecond: null,
      averageOrderValue: null,
      conversion: { session: null, user: null },
      cartAbandonment: null,
    },
    funnel: [],
    topProducts: [],
    topCategories: [],
    series: [],
  },
};

describe('presentScreen', () => {
  it('tells lines of orders that do not say what is filtered by, and nothing where there are none', () => {
    const model = modelFixture();
    const freshness = { ...model.stats.freshness, leftToOrder: 1234 };
    const filtered = { ...model, stats: { ...model.stats, freshness } };
    for (const size of [
      { columns: 80, rows: 24 },
      { columns: 120, rows: 40 },
      { columns: 160, rows: 50 },
    ]) {
      const shown = (of: DashboardModel): string => screenText(stateFixture({ size, model: of }));
      expect(shown(filtered)).toMatch(/lines without it +1,234/i);
      expect(shown(model)).not.toMatch(/lines without it/i);
    }
  });

  it('fills every block exactly, at every size, window and state', () => {
    const faults: string[] = [];
    const full = WINDOW_LABELS.map((window) => modelFixture(window));
    let sizes = 0;
    for (const columns of [40, 47, 59, 60, 73, 78, 80, 100, 119, 120, 137, 154, 160, 210]) {
      for (const rows of [10, 12, 15, 17, 20, 24, 31, 40, 50, 70]) {
        // The windows take turns: what a block holds depends on each, and how large it is on none.
        sizes += 1;
        for (const model of [undefined, empty, full[sizes % full.length]]) {
          const state = stateFixture({
            size: { columns, rows },
            model,
            help: rows % 2 === 0,
            recommendations: columns % 2 === 0,
            problem: 'locked',
          });
          for (const { id, rect, lines } of presentScreen(state, NOW)) {
            const where = `${id} at ${columns}×${rows}`;
            if (lines.length !== rect.height) faults.push(`${where}: ${lines.length} lines`);
            for (const line of lines)
              if (lineWidth(line) !== rect.width) faults.push(`${where}: ${lineText(line)}`);
          }
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it.each([
    [80, 24],
    [160, 50],
    [40, 12],
    [60, 20],
    [120, 40],
  ])('looks as it did at %i×%i', async (columns, rows) => {
    const state = stateFixture({ size: { columns, rows } });
    await expect(`${screenText(state)}\n`).toMatchFileSnapshot(`golden/${columns}x${rows}.txt`);
  });

  it('looks as it did with the help open, and for a shop without events', async () => {
    const size = { columns: 80, rows: 24 };
    await expect(`${screenText(stateFixture({ size, help: true }))}\n`).toMatchFileSnapshot(
      'golden/help.txt',
    );
    await expect(`${screenText(stateFixture({ size, model: empty }))}\n`).toMatchFileSnapshot(
      'golden/empty.txt',
    );
  });

  it('looks as it did with recommendations: to everybody, to one shopper, before any are learnt', async () => {
    const { stats, components, recommendations } = modelFixture();
    const looks = (found: DashboardModel['recommendations'], columns: number, rows: number) =>
      screenText(
        stateFixture({
          size: { columns, rows },
          recommendations: true,
          model: { stats, components, recommendations: found },
        }),
      );
    await expect(`${looks(recommendations, 80, 24)}\n`).toMatchFileSnapshot('golden/recommendations.txt');
    const { items } = recommendations!;
    const own = { user: '\u001b[2Jmallory', version: 0, time: NOW, items: [items[0]!] };
    const text = looks(own, 160, 50);
    expect(text).toMatch(/─ For \[2Jmallory ─+ 0ms old ─/);
    expect(text).not.toContain('\u001b');
    expect(looks(undefined, 80, 24)).toContain('Nothing is learnt yet');
  });

  it('says in one line that the terminal is too small', () => {
    const state = stateFixture({ size: { columns: 30, rows: 5 } });
    const [block, ...others] = presentScreen(state, NOW);
    expect(others).toEqual([]);
    expect(block!.lines.map(lineText)).toEqual([fitText('terminal too small (30×5): 40×10 needed', 30)]);
  });

  it('marks old numbers as stale and says what is wrong, with the last numbers kept', () => {
    const state = stateFixture({ problem: 'live.db: the disk is full', readAt: NOW - 7000 });
    const text = screenText(state);
    expect(text).toContain('✖ STALE 7.0s');
    expect(text).toContain('live.db: the disk is full · trying again');
    expect(text).toContain('6,120');
  });

  it('tells a live shop from a quiet one and from a history', () => {
    const { stats, components } = modelFixture();
    const header = (model: DashboardModel) => screenText(stateFixture({ model })).split('\n')[0];
    expect(header({ stats, components })).toContain('● LIVE 12:00:05 UTC');
    const quiet = { ...stats, freshness: { ...stats.freshness, lagMs: 240_000 } };
    expect(header({ stats: quiet, components })).toContain('◐ QUIET 4m');
    const past = { ...stats, asOf: { basis: 'latest-event' as const, time: '2011-12-09T12:50:00.000Z' } };
    expect(header({ stats: past, components })).toContain('◆ HISTORY 2011-12-09 12:50');
  });

  it('says of a simulated shop that it is one, at all sizes and however fresh it is', () => {
    const stats = { ...modelFixture().stats, simulated: true, simulatedShare: 0.5 };
    const past = { ...stats, asOf: { basis: 'latest-event' as const, time: '2011-12-09T12:50:00.000Z' } };
    const quiet = { ...stats, freshness: { ...stats.freshness, lagMs: 240_000 } };
    for (const columns of [40, 47, 59, 60, 75, 76, 80, 120, 160]) {
      for (const shown of [stats, past, quiet]) {
        for (const readAt of [NOW, NOW - 7000]) {
          const model = { stats: shown, components: [] };
          const size = { columns, rows: 12 };
          const [header = ''] = screenText(stateFixture({ size, model, readAt })).split('\n');
          expect(header, `${columns}`).toMatch(/ [●◆◐✖] SIMULATED\b/);
          expect(header).toContain('ecom');
        }
      }
    }
  });

  it('draws foreign names without control characters and without breaking the frame', () => {
    const { stats, components } = modelFixture();
    const topProducts = [
      { ...stats.topProducts[0]!, name: '\u001b[2Jevil\u0007\nname' },
      { ...stats.topProducts[1]!, name: '👩‍👩‍👧‍👦🏳️‍🌈🇩🇪❤️ 漢字かな交じり文の長い商品名' },
    ];
    const state = stateFixture({ model: { stats: { ...stats, topProducts }, components } });
    const blocks = presentScreen(state, NOW);
    for (const { lines, rect } of blocks) {
      for (const line of lines) {
        expect(lineText(line)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(lineWidth(line)).toBe(rect.width);
      }
    }
    expect(blocks.flatMap(({ lines }) => lines.map(lineText)).join('\n')).toContain('[2Jevil name');
  });
});
