// One line of --packets: a JSON object with a packet, read without a tree of it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::app {

// A hook that --hook and packets can name.
std::optional<HookPoint> hook_by_name(std::string_view name);

struct PacketLine {
    Packet packet;
    std::string in; // interfaces, whose names may be longer than a packet's fields
    std::string out;
    std::optional<HookPoint> hook;
    std::string id; // as JSON; empty where it has none
};

// Reads line after line, and keeps what it needs for that.
class PacketLineReader {
  public:
    // Throws std::runtime_error, a sentence.
    PacketLine read(std::string_view line);

  private:
    struct Value {
        enum class Kind : std::uint8_t { absent, null, number, text, list, other } kind = Kind::absent;
        std::uint64_t number = 0;
        std::string text; // of a text; of a list and others, their JSON
        std::vector<std::string> items{}; // of a list
        bool only_texts = true;           // are in it
    };
    enum Key : std::uint8_t;
    class Events;

    Value const& value(Key key) const { return values_[key]; }
    std::string json_of(Key key) const;
    std::string const& text_of(Key key) const;
    U128 number_of(Key key, Field field, U128 absent) const;
    void read_ends(Packet& packet) const;
    U128 protocol() const;
    U128 tcp_flags(Packet const& packet) const;

    std::array<Value, 18> values_{};
    std::string unknown_; // the first key that nobody knows
};

} // namespace portcullis::app
