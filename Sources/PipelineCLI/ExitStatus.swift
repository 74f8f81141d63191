/// What the program tells the shell when it ends. Scripts may rely on these numbers.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    case success = 0
    case stageFailed = 1
    /// Wrong arguments, or something wrong with a pipeline file or its sources.
    case usage = 2
    /// Everything that could run did, after a failure, as `--keep-going` asked.
    case keptGoing = 3
    /// `--exit-code`: something is out of date or different.
    case outOfDate = 10
    /// The store does not hold what it says.
    case integrity = 12
    case notReproducible = 13
    /// A pipeline is not what its lockfile says.
    case lockMismatch = 14
    /// The store is missing, foreign, newer than this program, or may not be written.
    case store = 15
    /// An error nobody thought of.
    case bug = 70
    /// Ended in good order after SIGINT.
    case interrupted = 130
    /// Ended in good order after SIGTERM.
    case terminated = 143
}
