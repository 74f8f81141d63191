/// The version of this program. What decides about cached results is the version of each stage, not this.
enum ProgramVersion {
    static let text = "0.1.0"
}
