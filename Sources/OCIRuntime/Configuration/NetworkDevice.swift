/// One of `linux.netDevices`: a network device of the machine that becomes the container's.
struct NetworkDevice: Sendable, Hashable {
    /// What it is called here.
    let name: String
    /// What it is called in the container.
    let newName: String

    static func list(_ field: SpecField) throws(OCIError) -> [NetworkDevice] {
        var devices: [NetworkDevice] = []
        for (name, entry) in try field.members() {
            let newName = try entry.member("name").text().flatMap { $0.isEmpty ? nil : $0 } ?? name
            for one in [name, newName] where !isName(one) {
                throw field.fault("has `\(one)`, which is no name of a network device: 1 to 15 characters without `/`, `:` and spaces")
            }
            guard !devices.contains(where: { $0.newName == newName }) else { throw field.fault("calls two devices `\(newName)`") }
            devices.append(NetworkDevice(name: name, newName: newName))
        }
        return devices
    }

    /// Source: dev_valid_name of the kernel.
    static func isName(_ text: String) -> Bool {
        (1...15).contains(text.utf8.count) && text != "." && text != ".." && text.utf8.allSatisfy { $0 > 32 && $0 != 127 && !"/:".utf8.contains($0) }
    }
}
