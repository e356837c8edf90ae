// Files that are written whole or not at all.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace portcullis::app {

struct NewFile {
    std::string path;
    std::string_view text;
    bool executable = false; // by whoever may read it
    bool through_links = true; // else a link in its place is an error
};

// Writes all files beside where they belong, and puts them there when each is on the disk: a reader, or one who comes after a
// crash, finds every file as it was or as it is now, and where the disk is full or one of them cannot be written, all as they were.
// A file that is replaced keeps its owner, permissions, access control list, label and user attributes; one that may not be written is
// not replaced. A link stays, and a device or a pipe is written through. Throws a sentence. What a kill leaves behind is called
// .portcullis- and eight letters.
void write_files(std::span<NewFile const> files);

// One such file whose text comes bit by bit: it takes its place when it is finished, or not at all.
class GrowingFile {
  public:
    explicit GrowingFile(std::string const& path);
    ~GrowingFile();
    GrowingFile(GrowingFile&& other) noexcept;

    void write(std::string_view text);
    void finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace portcullis::app
