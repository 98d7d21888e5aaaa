export { work } from './crew';
export { gram, solveRows } from './kernel';
// Nobody calls it from outside: but a function of one caller would be inlined, for which the registers do not suffice.
export { dotFour } from './vectors';
