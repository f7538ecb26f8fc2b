extension PodRow {
    /// The columns of the table of pods.
    package static let columns = [
        TableColumn(id: "name", title: "NAME", minimumWidth: 14, maximumWidth: 60, priority: 0),
        TableColumn(id: "ready", title: "READY", alignment: .right, minimumWidth: 5, maximumWidth: 5, priority: 2),
        TableColumn(id: "status", title: "STATUS", minimumWidth: 9, maximumWidth: 24, priority: 0),
        TableColumn(id: "restarts", title: "RST", alignment: .right, minimumWidth: 3, maximumWidth: 5, priority: 4),
        TableColumn(id: "cpu", title: "CPU", minimumWidth: 13, maximumWidth: 18, priority: 5),
        TableColumn(id: "memory", title: "MEMORY", minimumWidth: 13, maximumWidth: 18, priority: 6),
        TableColumn(id: "age", title: "AGE", alignment: .right, minimumWidth: 4, maximumWidth: 7, priority: 1, isWhole: true),
        TableColumn(id: "node", title: "NODE", minimumWidth: 10, maximumWidth: 20, priority: 8),
        TableColumn(id: "ip", title: "IP", minimumWidth: 9, maximumWidth: 15, priority: 7, isWhole: true),
    ]

    /// The row of the table.
    var row: ResourceRow { row(with: []) }

    /// The row of the table, with the cells of more columns; the phase comes behind the last column.
    func row(with more: [TableCell]) -> ResourceRow {
        let ready: Tone = readyCount == containerCount ? .normal : .warning
        return ResourceRow(
            uid: uid, namespace: namespace, name: name, createdAt: createdAt, isDeleting: isDeleting,
            cells: [
                .text(name, .normal), .text("\(readyCount)/\(containerCount)", tone == .done ? .dim : ready), .text(status, tone),
                .number(restarts, restarts == 0 ? .dim : .warning), .usage(cpu), .usage(memory), .age(createdAt), .text(node, .dim), .text(ip, .dim),
            ] + more + [.text(phase, .normal)])
    }

    /// Reads a row that ``row`` made; nil for another.
    init?(_ row: ResourceRow) {
        guard row.cells.count > Self.columns.count, case .text(let ready, _) = row.cells[1], case .text(let status, let tone) = row.cells[2],
            case .number(let restarts, _) = row.cells[3], case .usage(let cpu) = row.cells[4], case .usage(let memory) = row.cells[5],
            case .text(let node, _) = row.cells[7], case .text(let ip, _) = row.cells[8], case .text(let phase, _) = row.cells[row.cells.count - 1]
        else { return nil }
        let counts = ready.split(separator: "/").compactMap { Int($0) }
        self.init(
            uid: row.uid, namespace: row.namespace, name: row.name, readyCount: counts.first ?? 0, containerCount: counts.last ?? 0, status: status,
            tone: tone, restarts: restarts, createdAt: row.createdAt, node: node, ip: ip, cpu: cpu, memory: memory, isDeleting: row.isDeleting,
            phase: phase)
    }

    /// Whether every container of a pod's row has ended for good.
    static func isFinished(_ row: ResourceRow) -> Bool {
        guard case .text(let phase, _)? = row.cells.last else { return false }
        return phase == "Succeeded" || phase == "Failed"
    }
}
