/// What the server said to a dry run of the text as it is.
package enum ServerVerdict: Sendable, Hashable {
    /// It was not asked.
    case none
    /// It is being asked.
    case asking
    /// It would take the text.
    case accepted
    /// It would refuse it; the diagnostics say why.
    case refused
    /// It did not answer; why.
    case silent(String)
}
