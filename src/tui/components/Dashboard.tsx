import { Box, useInput } from 'ink';
import { type DashboardState, type KeyPress } from '../state.ts';
import { presentScreen } from '../views/screen.ts';
import { BlockView } from './BlockView.tsx';

interface Props {
  readonly state: DashboardState;
  /** The wall clock, ms since the epoch. */
  readonly now: number;
  /** @default true */
  readonly colour?: boolean;
  /** Whether there is a keyboard to listen to. */
  readonly keyboard: boolean;
  readonly onKey: (key: KeyPress) => void;
}

/** The whole screen, one row less than the terminal has. */
export function Dashboard({ state, now, colour = true, keyboard, onKey }: Props) {
  useInput(
    (input, key) =>
      onKey({ input, ctrl: key.ctrl, escape: key.escape, left: key.leftArrow, right: key.rightArrow }),
    { isActive: keyboard },
  );
  const { columns, rows } = state.size;
  return (
    <Box width={columns} height={Math.max(1, rows - 1)}>
      {presentScreen(state, now).map((block) => (
        <BlockView key={block.id} block={block} colour={colour} />
      ))}
    </Box>
  );
}
