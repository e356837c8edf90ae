// Writes JSON as nlohmann's dump(2) does, or on one line as dump() does, in plain ASCII, which acts on no terminal, value by value and without
// a tree of it: a report has a hundred thousand places.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/packet_json.hpp"

namespace portcullis {

class JsonWriter {
  public:
    enum class Layout : std::uint8_t { indented, lines }; // each outermost value on a line of its own

    explicit JsonWriter(Layout layout = Layout::indented) : layout_(layout) {}

    // What is begun is a member of the object that is open, with this key; of an open array, where keys are not written.
    void begin_object(std::string_view key = {}) { begin(key, '{', true); }
    void end_object() { end('}'); }
    void begin_array(std::string_view key = {}) { begin(key, '[', false); }
    void end_array() { end(']'); }

    void text(std::string_view key, std::string_view value);
    void number(std::string_view key, std::uint64_t value);
    void literal(std::string_view key, std::string_view value); // true, false, null
    void json(std::string_view key, Json const& value);

    std::string take() { return std::move(out_); }

  private:
    struct Level {
        bool object = false;
        bool empty = true;
    };
    void next(std::string_view key);
    void begin(std::string_view key, char bracket, bool object);
    void end(char bracket);
    void new_line() {
        if (layout_ == Layout::indented) out_.append(1, '\n').append(2 * levels_.size(), ' ');
    }

    Layout layout_;
    std::string out_;
    std::vector<Level> levels_;
};

} // namespace portcullis
