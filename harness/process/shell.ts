/**
 * Environment in which the shell that zx runs a command by reads nobody's start files. Bash takes a socket on standard
 * input, which is what Node gives, for a login from another machine and would read `~/.bashrc`, and with it another
 * PATH, unless it is told that it is not the outermost shell.
 */
export const PLAIN_SHELL = { SHLVL: '1', BASH_ENV: undefined } as const;
