internal import Artifacts
internal import Foundation

/// Where this program writes: data to stdout, everything else to stderr.
enum Console {
    /// Takes the numbers of streams that the caller has closed: a file of the store that was opened under one of them
    /// would get what is written here.
    static func occupyClosedStreams() {
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            if (0...STDERR_FILENO).contains(descriptor) { continue }
            if descriptor >= 0 { close(descriptor) }
            return
        }
    }

    /// Writes data for whoever reads stdout.
    /// - Throws: `CommandError.outputClosed` when nobody does any more; `.outputFailed`.
    static func print(_ text: String) throws { try stream(text + "\n") }

    /// Writes text as it is, without a line end, for output that streams.
    static func stream(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes bytes as they are.
    static func write(_ bytes: some Collection<UInt8>) throws {
        try Array(bytes).withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest)
                let count = Foundation.write(STDOUT_FILENO, piece.baseAddress, piece.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EPIPE {
                    throw CommandError.outputClosed
                } else if errno != EINTR {
                    throw CommandError.outputFailed(reason: String(cString: strerror(errno)).lowercased())
                }
            }
        }
    }

    /// One JSON value as one line of stdout.
    static func print(json value: JSONValue) throws {
        try print(CanonicalJSON.text(value))
    }

    /// Says something to the person in front of the screen. A closed stderr does not stop the work.
    static func note(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}
