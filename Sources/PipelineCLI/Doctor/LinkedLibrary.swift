internal import Foundation

/// The libraries that this process has loaded, asked themselves: headers tell only what was there at build time.
enum LinkedLibrary {
    /// Nil where the library is not loaded.
    static var sqlite: String? { text(from: "sqlite3_libversion") }
    static var zstd: String? { text(from: "ZSTD_versionString") }

    /// Calls the C function `name`, which takes nothing and returns a text that lives for ever.
    private static func text(from name: String) -> String? {
        typealias Function = @convention(c) () -> UnsafePointer<CChar>
        guard let symbol = dlsym(nil, name) else { return nil }
        // SAFETY: both functions are of exactly this type in the headers of their libraries.
        return String(cString: unsafeBitCast(symbol, to: Function.self)())
    }
}
