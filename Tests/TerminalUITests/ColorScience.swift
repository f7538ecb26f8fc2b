import Glibc

@testable import TerminalUI

/// What eyes make of colours.
enum ColorScience {
    /// Linear red, green and blue from 0 to 1; black for the terminal's own.
    static func linear(_ color: Color) -> [Double] {
        guard case .rgb(let red, let green, let blue) = color.value else { return [0, 0, 0] }
        return [red, green, blue].map { value in
            let share = Double(value) / 255
            return share <= 0.03928 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
        }
    }

    /// WCAG 2's contrast ratio; 21 where either is the terminal's own.
    static func contrast(_ a: Color, _ b: Color) -> Double {
        guard case .rgb = a.value, case .rgb = b.value else { return 21 }
        let luminances = [a, b].map { color in zip(linear(color), [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 } }
        return (luminances.max()! + 0.05) / (luminances.min()! + 0.05)
    }

    /// How a dichromat sees linear colours. Source: Machado, Oliveira, Fernandes 2009, severity 1.
    static let deuteranopia = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    static let tritanopia = [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]

    /// How far two colours look apart, in gamma-encoded units where black and white are 1.7 apart.
    static func distance(_ a: Color, _ b: Color, as vision: [[Double]]) -> Double {
        func seen(_ color: Color) -> [Double] {
            let light = linear(color)
            return vision.map { row in pow(min(1, max(0, zip(row, light).reduce(0) { $0 + $1.0 * $1.1 })), 1 / 2.2) }
        }
        return sqrt(zip(seen(a), seen(b)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
    }
}
