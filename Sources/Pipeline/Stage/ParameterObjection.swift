/// An error that can be about one parameter of a stage, so that a plan shows the line that sets it.
package protocol ParameterObjection: Error {
    /// The parameter by the name that pipeline files use, and what is wrong with it: `is 0; it must be at least 1`. Nil
    /// where the error is about something else.
    var objection: (parameter: String, problem: String)? { get }
}
