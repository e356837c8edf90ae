#include "app/files.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <random>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "app/descriptor.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::strerror(errno); }

bool write_all(int file, std::string_view text) {
    while (!text.empty()) {
        ssize_t const count = ::write(file, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

// Some file systems have nothing to flush, and say so.
bool flush(int file) { return ::fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP; }

std::vector<char> attribute(int file, char const* name) {
    ssize_t const size = ::fgetxattr(file, name, nullptr, 0);
    if (size <= 0) return {};
    std::vector<char> value(static_cast<std::size_t>(size));
    return ::fgetxattr(file, name, value.data(), value.size()) == size ? value : std::vector<char>();
}

// The names of all attributes, each with its end.
std::string attribute_names(int file) {
    ssize_t const size = ::flistxattr(file, nullptr, 0);
    if (size <= 0) return "";
    std::string names(static_cast<std::size_t>(size), '\0');
    return ::flistxattr(file, names.data(), names.size()) == size ? names : "";
}

// Where an access control list is lost, the bits of its mask would become those of the group: more than anybody was given.
bool copy_attributes(int from, int to) {
    std::string const all = attribute_names(from);
    for (std::string_view rest = all; !rest.empty(); rest.remove_prefix(std::strlen(rest.data()) + 1)) {
        std::string_view const name(rest.data());
        bool const is_acl = name == "system.posix_acl_access";
        if (!is_acl && name != "security.selinux" && !name.starts_with("user.")) continue;
        auto const value = attribute(from, rest.data());
        if (::fsetxattr(to, rest.data(), value.data(), value.size(), 0) != 0 && is_acl) return false;
    }
    return true;
}

// Owner, permissions and attributes of the file that is replaced.
bool make_like(int model, int file) {
    struct stat status {};
    if (::fstat(model, &status) != 0) return false;
    // Who may not give files away owns it, with its group where that is one of theirs.
    bool const given = ::fchown(file, status.st_uid, status.st_gid) == 0 || ::fchown(file, ~uid_t{0}, status.st_gid) == 0;
    return ::fchmod(file, status.st_mode & (given ? 07777U : 0700U)) == 0 && copy_attributes(model, file);
}

bool make_executable(int file) {
    struct stat status {};
    return ::fstat(file, &status) == 0 && ::fchmod(file, (status.st_mode & 07777U) | (status.st_mode & 0444U) >> 2U) == 0;
}

fs::path folder_of(fs::path const& path) { return path.has_parent_path() ? path.parent_path() : "."; }

// A name that nobody else has or can foresee, hidden from searches of directories and from patterns such as *.rules.
fs::path temporary_beside(fs::path const& path) {
    static thread_local std::random_device random;
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz012345";
    std::string name = ".portcullis-";
    for (int i = 0; i < 8; ++i) name += letters[random() % letters.size()];
    return folder_of(path) / name;
}

// A file beside its place, until it is put there; gone where it never is.
class Staged {
  public:
    explicit Staged(fs::path const& place)
        : path_(place), temporary_(temporary_beside(place)), model_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {
        if (!model_ && errno != ENOENT) fail();
        // Whoever may write in the folder could replace it all the same; that it may not be written was meant.
        if (model_ && ::access(path_.c_str(), W_OK) != 0) fail();
        out_ = Descriptor(::open(temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, model_ ? 0600 : 0666));
        if (!out_) fail();
        there_ = true;
    }
    ~Staged() { discard(); }
    Staged(Staged&& other) noexcept
        : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), model_(std::move(other.model_)), out_(std::move(other.out_)),
          there_(std::exchange(other.there_, false)) {}
    Staged& operator=(Staged&&) = delete;

    void write(std::string_view text) { check(write_all(out_.number(), text)); }

    // All of it is on the disk.
    void seal(bool executable) {
        check((!model_ || make_like(model_.number(), out_.number())) && (!executable || make_executable(out_.number())) && flush(out_.number()) &&
              out_.close());
        model_.close();
    }

    void put() {
        if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
        there_ = false;
        // The name is on the disk when its folder is.
        Descriptor const folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (folder && !flush(folder.number())) fail();
    }

  private:
    void check(bool done) {
        if (done) return;
        std::string const why = reason();
        discard();
        fail(why);
    }
    [[noreturn]] void fail(std::string const& why = reason()) const { throw std::runtime_error(fmt::format("cannot write {}: {}", path_.string(), why)); }
    void discard() noexcept {
        if (std::exchange(there_, false)) ::unlink(temporary_.c_str());
    }

    fs::path path_;
    fs::path temporary_;
    Descriptor model_; // the file that it replaces
    Descriptor out_{-1};
    bool there_ = false;
};

// A device or a pipe, which stays what it is; and a link that leads to no file, as most of those in /dev and /proc.
bool is_written_through(fs::path const& path) {
    std::error_code error;
    auto const kind = fs::symlink_status(path, error).type();
    return kind != fs::file_type::regular && kind != fs::file_type::not_found;
}

// The file that a link leads to takes the text, and the link stays. /dev/stdout may lead to a file too, which is open already.
fs::path place_of(fs::path const& path) {
    std::error_code error;
    if (!fs::is_symlink(path, error) || !fs::is_regular_file(path, error)) return path;
    std::string const folder = fs::canonical(folder_of(path), error).string() + '/';
    if (error || folder.starts_with("/dev/") || folder.starts_with("/proc/")) return path;
    fs::path const place = fs::canonical(path, error);
    return error ? path : place;
}

void refuse_link(fs::path const& path) {
    std::error_code error;
    if (fs::is_symlink(path, error)) throw std::runtime_error(fmt::format("cannot write {}: it is a symbolic link", path.string()));
}

Descriptor open_through(std::string const& path) {
    return Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
}

void check_written(bool done, std::string const& path) {
    if (!done) throw std::runtime_error(fmt::format("cannot write {}: {}", path, reason()));
}

void write_through(NewFile const& file) {
    Descriptor out = open_through(file.path);
    check_written(out && write_all(out.number(), file.text) && out.close(), file.path);
}

} // namespace

void write_files(std::span<NewFile const> files) {
    std::vector<Staged> staged;
    std::vector<NewFile const*> others;
    for (NewFile const& file : files) {
        if (!file.through_links) refuse_link(file.path);
        fs::path const place = file.through_links ? place_of(file.path) : fs::path(file.path);
        if (is_written_through(place))
            others.push_back(&file);
        else {
            Staged& one = staged.emplace_back(place);
            one.write(file.text);
            one.seal(file.executable);
        }
    }
    for (NewFile const* file : others) write_through(*file);
    for (Staged& file : staged) file.put();
}

struct GrowingFile::Impl {
    explicit Impl(std::string const& name) : path(name) {
        fs::path const place = place_of(path);
        if (!is_written_through(place)) {
            staged.emplace(place);
            return;
        }
        through = open_through(path);
        check_written(static_cast<bool>(through), path);
    }

    std::string path;
    std::optional<Staged> staged;
    Descriptor through{-1};
};

GrowingFile::GrowingFile(std::string const& path) : impl_(std::make_unique<Impl>(path)) {}
GrowingFile::~GrowingFile() = default;
GrowingFile::GrowingFile(GrowingFile&&) noexcept = default;

void GrowingFile::write(std::string_view text) {
    if (impl_->staged) impl_->staged->write(text);
    else check_written(write_all(impl_->through.number(), text), impl_->path);
}

void GrowingFile::finish() {
    if (!impl_->staged) return check_written(impl_->through.close(), impl_->path);
    impl_->staged->seal(false);
    impl_->staged->put();
}

} // namespace portcullis::app
