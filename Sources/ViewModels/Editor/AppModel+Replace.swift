extension AppModel {
    /// Asks what to replace by what, and then about every place.
    func askReplace() {
        openPrompt(
            .line, "replace (case does not matter)", editor.search, { _ in },
            { [weak self] wanted in
                guard let self, !wanted.isEmpty else { return }
                openPrompt(.line, "replace \"\(wanted)\" by", "", { _ in }, { [weak self] text in self?.replace(wanted, by: text) })
            })
    }

    private func replace(_ wanted: String, by text: String) {
        guard let state = editor.beginReplacing(wanted, with: text) else {
            return toast("no match for \"\(wanted)\" in this text", .warning)
        }
        ask(state)
    }

    /// One key an answer; any other key changes nothing.
    private func ask(_ state: Replacement) {
        openPrompt(
            .line, "\"\(state.wanted)\" → \"\(state.replacement)\"?  y yes  n no  a all the rest  Esc ends", "", { _ in }, { _ in },
            { [weak self] in
                self?.endReplacing(state)
            })
        prompt?.onKey = { [weak self] key in
            guard let self else { return false }
            var state = state
            switch key {
            case "y": editor.replaceOne(&state) ? ask(state) : endReplacing(state)
            case "n": editor.skipOne(&state) ? ask(state) : endReplacing(state)
            case "a":
                editor.replaceRest(&state)
                endReplacing(state)
            case "q": endReplacing(state)
            case "esc", "ctrl-c", "ctrl-z", "ctrl-l": return false
            default: break
            }
            return true
        }
    }

    private func endReplacing(_ state: Replacement) {
        prompt = nil
        editor.endReplacing()
        editor.search = ""
        toast(state.done == 1 ? "1 place replaced; u takes it back" : "\(state.done) places replaced; u takes all of them back", .dim)
    }
}
