export { work } from './crew';
export { gram, score, solveRows } from './kernel';
