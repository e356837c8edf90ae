#include "app/inputs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <limits>
#include <memory>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/companions.hpp"
#include "app/descriptor.hpp"
#include "app/includes.hpp"
#include "app/places.hpp"
#include "app/tell.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/lint/rule.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::strerror(errno); }

// What can be said of a text by its first bytes, and by a part that has a NUL byte: none of it need be read to the end.
std::string not_utf8(std::string_view begin, std::string const& name) {
    using namespace std::string_view_literals;
    if (begin.starts_with("\xFF\xFE\0\0"sv) || begin.starts_with("\0\0\xFE\xFF"sv)) return name + " is UTF-32; convert it to UTF-8 first";
    if (begin.starts_with("\xFF\xFE") || begin.starts_with("\xFE\xFF")) return name + " is UTF-16; convert it to UTF-8 first";
    return "";
}

// False where there is none before the time is over.
bool wait_for_input(int file) {
    Deadline const until = deadline();
    if (!until) return true; // who reads it waits
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd wanted{file, POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left, std::numeric_limits<int>::max()))) != 0;
}

enum class Content : std::uint8_t { text, bytes };

FileText read_all(int file, std::string const& name, Content content = Content::text) {
    FileText result;
    constexpr std::size_t size = std::size_t{1} << 18U;
    auto const buffer = std::make_unique_for_overwrite<char[]>(size); // most files fill little of it
    for (;;) {
        if (!wait_for_input(file)) return {{}, name + " has no end within the time that it may take"};
        ssize_t const count = ::read(file, buffer.get(), size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return {{}, fmt::format("cannot read {}: {}", name, reason())};
        if (count == 0) break;
        std::string_view const part(buffer.get(), static_cast<std::size_t>(count));
        if (result.text.size() + part.size() > largest_input) return {{}, fmt::format("{} is larger than {} MiB", name, largest_input >> 20U)};
        std::size_t const checked = result.text.size();
        result.text += part;
        if (content == Content::bytes) continue;
        if (checked < 4)
            if (auto why = not_utf8(result.text, name); !why.empty()) return {{}, std::move(why)};
        if (part.find('\0') != std::string_view::npos) return {{}, name + " is a binary file: it has NUL bytes"};
    }
    if (content == Content::text && result.text.starts_with(byte_order_mark)) {
        result.text.erase(0, byte_order_mark.size());
        result.mark = byte_order_mark;
    }
    return result;
}

std::optional<Dialect> configured_dialect(Config const& config, std::string const& path) {
    for (auto const& [pattern, dialect] : config.dialects) {
        bool const matches = ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0 ||
                             ::fnmatch(pattern.c_str(), fs::path(path).filename().c_str(), 0) == 0;
        if (matches) return dialect;
    }
    return std::nullopt;
}

// Rules of IPv6 alone may have nothing in them that says so, but the name of their file; then they read as such.
bool is_really_ipv6(Loaded const& loaded, InputFile const& file) {
    if (loaded.dialect != Dialect::iptables || !is_named_ipv6(file)) return false;
    return read(*loaded.sources, loaded.source, Dialect::ip6tables).findings.empty();
}

bool is_iptables(Dialect dialect) {
    return dialect == Dialect::iptables || dialect == Dialect::ip6tables || dialect == Dialect::iptables_script;
}

} // namespace

bool leads_outside(InputFile const& file) {
    std::error_code error;
    if (file.found_in.empty() || !fs::is_symlink(file.path, error)) return false;
    fs::path const root = fs::canonical(file.found_in, error);
    return error || !is_inside(fs::canonical(file.path, error), root) || error;
}

static FileText read_file(fs::path const& path, Content content) {
    std::string const name = path.string();
    auto const refusal = [&](struct stat const& status) -> std::string {
        if (S_ISDIR(status.st_mode)) return name + " is a directory";
        if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) return name + " is no regular file";
        bool const large = S_ISREG(status.st_mode) && static_cast<std::uintmax_t>(status.st_size) > largest_input;
        return large ? fmt::format("{} is larger than {} MiB", name, largest_input >> 20U) : "";
    };
    auto const unreadable = [&] { return FileText{{}, fmt::format("cannot read {}: {}", name, reason())}; };
    // Before it is opened, since that alone makes some devices act; and after, when it can be no other.
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return unreadable();
    if (auto why = refusal(status); !why.empty()) return {{}, std::move(why)};
    // A pipe is opened without waiting for somebody to write to it, and then read as long as somebody does.
    Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file || ::fstat(file.number(), &status) != 0) return unreadable();
    if (auto why = refusal(status); !why.empty()) return {{}, std::move(why)};
    if (::fcntl(file.number(), F_SETFL, 0) != 0) return unreadable();
    FileText result = read_all(file.number(), name, content);
    if (S_ISFIFO(status.st_mode) && result.text.empty() && result.error.empty()) return {{}, name + " is a pipe that nobody writes to"};
    return result;
}

FileText read_text_file(fs::path const& path) { return read_file(path, Content::text); }

FileText read_bytes(InputFile const& file) {
    return file.standard_input ? read_all(STDIN_FILENO, file.path, Content::bytes) : read_file(file.path, Content::bytes);
}

FileText read_text(InputFile const& file) {
    if (file.standard_input) return read_all(STDIN_FILENO, file.path);
    std::error_code error;
    if (!file.found_in.empty() && fs::is_directory(file.path, error)) return {{}, file.path + " cannot be searched"};
    return read_text_file(file.path);
}

static Loaded load_unchecked(InputFile const& file, Options const& options, Config const& config, std::shared_ptr<Sources> into, TextReader const& reader) {
    Loaded loaded;
    loaded.sources = std::move(into);
    std::error_code error;
    std::string const why = file.found_in.empty() || fs::is_directory(file.path, error) ? "" : why_no_file(file.path);
    if (!why.empty() || !file.problem.empty()) {
        loaded.source = loaded.sources->add(file.path, "");
        loaded.error = file.problem.empty() ? why : file.problem;
        loaded.other_file = file.problem.empty() && !is_named_as_firewall(file);
        return loaded;
    }
    FileText text = reader ? reader(file.path) : read_text(file);
    if (!text.error.empty()) {
        loaded.source = loaded.sources->add(file.path, "");
        loaded.error = text.error;
        return loaded;
    }
    loaded.source = loaded.sources->add(file.path, std::move(text.text));
    loaded.mark = text.mark;
    std::string_view const content = (*loaded.sources)[loaded.source].text();
    loaded.dialect = options.dialect ? options.dialect : configured_dialect(config, file.path);
    if (!loaded.dialect) {
        loaded.dialect = detect_dialect(content);
        if (is_really_ipv6(loaded, file)) loaded.dialect = Dialect::ip6tables;
    }
    if (!loaded.dialect) {
        loaded.error = "not recognised as iptables, nftables or Cisco text; name the dialect with --dialect";
        loaded.other_file = !file.named && (!is_named_as_firewall(file) || has_sets(file, *loaded.sources, loaded.source));
        return loaded;
    }
    if (leads_outside(file)) {
        loaded.error = fmt::format("a link that leads outside {}; name the file itself", file.found_in);
        return loaded;
    }
    fs::path const named_in = fs::path(file.path).parent_path(), folder = named_in.empty() ? "." : named_in;
    fs::path const root = fs::canonical(folder, error);
    if (!file.standard_input && !error) { // an editor's text may be in a folder that is not there yet
        loaded.read_options.include = [sources = loaded.sources.get(), root, reader](std::string const& pattern,
                                                                                     SourceId from) {
            return include(pattern, from, *sources, root, reader);
        };
    }
    Findings of_sets;
    if (is_iptables(*loaded.dialect)) loaded.ipset_files = ipset_files(file, content, options);
    if (!loaded.ipset_files.empty()) {
        LoadedIpsets sets = load_ipsets(loaded.ipset_files, *loaded.sources, options.ipsets.empty() ? folder.string() : "", reader);
        loaded.read_options.ipsets = std::move(sets.sets);
        of_sets = std::move(sets.findings);
    }
    loaded.reading = read(*loaded.sources, loaded.source, *loaded.dialect, loaded.read_options);
    loaded.reading->findings.append(std::move(of_sets));
    return loaded;
}

Loaded load(InputFile const& file, Options const& options, Config const& config, std::shared_ptr<Sources> into, TextReader const& reader) {
    std::size_t const before = into->size();
    Loaded loaded = load_unchecked(file, options, config, std::move(into), reader);
    std::vector<std::string> read;
    for (std::size_t i = before; i < loaded.sources->size(); ++i)
        if (!file.standard_input || i != loaded.source) read.push_back((*loaded.sources)[static_cast<SourceId>(i)].path());
    check_apart(read, options);
    return loaded;
}

void tell_passed_over(std::vector<std::string> const& paths, Options const& options) {
    if (options.verbose)
        for (std::string const& path : paths) say(fmt::format("{} is no firewall configuration", path));
    if (!paths.empty())
        say(fmt::format("skipped {} {}", paths.size(), paths.size() == 1 ? "file that is no firewall configuration" : "files that are no firewall configuration"));
}

bool tell_problems(Loaded const& loaded) {
    if (!loaded.reading) {
        say(fmt::format("{}: {}", (*loaded.sources)[loaded.source].path(), loaded.error));
        return false;
    }
    bool whole = true;
    for (Finding const& finding : loaded.reading->findings.all()) {
        if (!is_unread(finding)) continue;
        Source const& source = (*loaded.sources)[finding.span.source];
        Location const at = source.locate(finding.span.begin);
        auto const text = finding.args.contains("error")
                              ? finding.args.at("error")
                              : finding.args.at("construct") + ": " + finding.args.at("why");
        say(fmt::format("{}:{}:{}: {}", source.path(), at.line, at.column, text));
        whole = false;
    }
    return whole;
}

} // namespace portcullis::app
