import { Option, type Command } from 'commander'

/** How a log is read: the same options at every command that reads one. They parse into LogOptions. */
export function addLogOptions(command: Command): Command {
  return command
    .option('--lifecycle', 'also take events that are not completions (XES), or a start beside each end (CSV with a start time)')
    .option('--case <column>', 'CSV: column of the case (guessed where absent, as are the others)')
    .option('--activity <column>', 'CSV: column of the activity')
    .option('--time <column>', 'CSV: column of the time')
    .option('--start-time <column>', 'CSV: column of the start time')
    .option('--resource <column>', 'CSV: column of who did it')
    .option('--delimiter <character>', 'CSV: what separates cells (guessed where absent; \\t for a tab)')
    .option('--time-zone <zone>', 'CSV: zone of times without an offset, e.g. Europe/Amsterdam (default: UTC)')
    .addOption(new Option('--date-order <order>', 'CSV: how 01/02/2024 is read').choices(['dmy', 'mdy']))
    .option('--skip-bad-rows', 'CSV: leave out rows that cannot be used, instead of refusing the file')
}
