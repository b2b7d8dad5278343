/**
 * Where long work says what it is doing. A terminal shows the last line beside the phase; elsewhere each line is printed.
 */
export type Progress = (line: string) => void;
