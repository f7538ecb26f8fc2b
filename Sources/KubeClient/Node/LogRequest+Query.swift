import LinuxKernel

extension LogRequest {
    /// The request as query items of `pods/log`; the pod itself stands in the path.
    package var query: [QueryItem] {
        var items = [QueryItem("container", container)]
        if follow { items.append(QueryItem("follow", "true")) }
        if previous { items.append(QueryItem("previous", "true")) }
        if let tailLines { items.append(QueryItem("tailLines", String(tailLines))) }
        if let sinceSeconds { items.append(QueryItem("sinceSeconds", String(sinceSeconds))) }
        if let sinceTime { items.append(QueryItem("sinceTime", sinceTime.rfc3339)) }
        if timestamps { items.append(QueryItem("timestamps", "true")) }
        if let limitBytes { items.append(QueryItem("limitBytes", String(limitBytes))) }
        if let instance { items.append(QueryItem("instance", String(instance))) }
        if isDeleted { items.append(QueryItem("podUID", podUID)) }
        if isMarked { items.append(QueryItem("marked", "true")) }
        if stream != .all { items.append(QueryItem("stream", stream.rawValue)) }
        return items
    }
}

extension ExecRequest {
    /// The request as query items of `pods/exec` and `pods/attach`; the pod itself stands in the path.
    package var query: [QueryItem] {
        var items = [QueryItem("container", container)]
        items += command.map { QueryItem("command", $0) }
        if stdin { items.append(QueryItem("stdin", "true")) }
        if stdout { items.append(QueryItem("stdout", "true")) }
        if stderr { items.append(QueryItem("stderr", "true")) }
        if tty { items.append(QueryItem("tty", "true")) }
        return items
    }
}
