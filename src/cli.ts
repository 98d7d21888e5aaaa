import { Command, CommanderError } from 'commander';
import { EcomError, errorCode } from './errors.ts';

const VERSION = '0.1.0';
