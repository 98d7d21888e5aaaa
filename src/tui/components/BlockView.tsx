import { Box, Transform } from 'ink';
import { paint } from '../format/paint.ts';
import { type Block } from '../views/screen.ts';

interface Props {
  readonly block: Block;
  readonly colour: boolean;
}

/**
 * Draws a block of finished lines at its place on the screen.
 *
 * What Ink measures is a blank text of the block's size, and the lines take its place when it is drawn: Ink remembers every
 * text that it has ever measured, which in a program that shows new numbers twice a second for days is a leak.
 */
export function BlockView({ block: { rect, lines }, colour }: Props) {
  const blank = Array.from({ length: rect.height }, () => ' '.repeat(rect.width)).join('\n');
  return (
    <Box position="absolute" marginLeft={rect.x} marginTop={rect.y} width={rect.width} height={rect.height}>
      <Transform transform={(_, row) => paint(lines[row] ?? [], colour)}>{blank}</Transform>
    </Box>
  );
}
