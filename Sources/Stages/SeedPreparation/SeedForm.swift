internal import Artifacts

/// The forms in which a line of a seed file may stand, told apart by the members that it has.
package enum SeedForm: String, CaseIterable, Sendable {
    /// Open Assistant: `{message_tree_id, tree_state, prompt: {…, replies}}`.
    case tree = "oasst-tree"
    /// Open Assistant: `{message_id, parent_id, message_tree_id, …}`.
    case message = "oasst-message"
    /// Open Assistant: `{thread_id, thread: [{message_id, …}]}`.
    case thread = "oasst-thread"
    /// `{prompt, response}`, or `completion` as TRL says.
    case pair
    /// `{instruction, input, output}`.
    case alpaca
    /// `{messages: [{role, content}]}`, or ShareGPT's `{conversations: [{from, value}]}`.
    case conversation
    /// TRL's `{prompt, chosen, rejected}`, or the latter two as whole dialogues.
    case preference
    /// Several responses with scores or ranks, as UltraFeedback's `{instruction, completions: [{response,
    /// overall_score}]}`, or texts with a list of them beside: `{prompt, responses: […], scores: […]}`.
    case scored

    /// The form of a row; nil for one that has the members of none.
    init?(_ row: JSONValue) {
        func has(_ names: String...) -> Bool { names.allSatisfy { row[$0] != nil && row[$0] != .null } }
        if case .object = row["prompt"] {
            self = .tree
        } else if has("message_tree_id", "prompt") {
            self = .tree
        } else if has("thread") {
            self = .thread
        } else if has("message_id") {
            self = .message
        } else if has("chosen", "rejected") {
            self = .preference
        } else if has("completions") || has("responses") {
            self = .scored
        } else if has("instruction", "output") {
            self = .alpaca
        } else if has("messages") || has("conversations") {
            self = .conversation
        } else if has("prompt", "response") || has("prompt", "completion") {
            self = .pair
        } else {
            return nil
        }
    }
}
