export { finish, sweep, update } from './inverse';
export { score } from './kernel';
export { topN } from './top-n';
