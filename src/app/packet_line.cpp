#include "app/packet_line.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/packet_words.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/catalogue/names.hpp"
#include "portcullis/model/tracking.hpp"
#include "report/json_text.hpp"

namespace portcullis::app {

namespace {

std::string json_string(std::string_view text) {
    std::string quoted;
    append_json(quoted, text);
    return quoted;
}

[[noreturn]] void no_packet() { throw std::runtime_error("no JSON object with a packet"); }

} // namespace

std::optional<HookPoint> hook_by_name(std::string_view name) {
    for (HookPoint const point :
         {HookPoint::prerouting, HookPoint::input, HookPoint::forward, HookPoint::output, HookPoint::postrouting}) {
        if (to_string(point) == name) return point;
    }
    return std::nullopt;
}

enum PacketLineReader::Key : std::uint8_t {
    id, hook, iif, oif, family, src, dst, proto, protocol_, sport, dport, icmp_type, icmp_code, mark, ttl, length, flags, ct_state
};

namespace {

constexpr std::array<std::string_view, 18> key_names{"id",    "hook",  "iif",       "oif",       "family", "src", "dst",    "proto",     "protocol",
                                                     "sport", "dport", "icmp_type", "icmp_code", "mark",   "ttl", "length", "tcp_flags", "ct_state"};

} // namespace

// What the parser tells, put where it belongs. Of values within values their JSON is made again.
class PacketLineReader::Events {
  public:
    explicit Events(PacketLineReader& reader) : reader_(reader) {}

    bool null() { return scalar(Value::Kind::null, "null"); }
    bool boolean(bool value) { return scalar(Value::Kind::other, value ? "true" : "false"); }
    bool number_integer(std::int64_t value) { return scalar(Value::Kind::other, std::to_string(value)); }
    bool number_float(double value, std::string const&) { return scalar(Value::Kind::other, Json(value).dump()); }
    bool number_unsigned(std::uint64_t value) {
        if (depth_ != 1) return scalar(Value::Kind::other, std::to_string(value));
        now().kind = Value::Kind::number;
        now().number = value;
        return true;
    }
    bool string(std::string& value) {
        if (depth_ == 0) return false;
        if (depth_ == 1) {
            now().kind = Value::Kind::text;
            now().text = value;
            return true;
        }
        put(json_string(value));
        if (depth_ == 2) now().items.push_back(value);
        return true;
    }
    bool binary(nlohmann::json::binary_t&) { return false; }
    bool start_object(std::size_t) { return depth_ == 0 ? ++depth_ > 0 : begin(Value::Kind::other, '{'); }
    bool start_array(std::size_t) { return depth_ > 0 && begin(Value::Kind::list, '['); }
    bool end_object() { return end('}'); }
    bool end_array() { return end(']'); }
    bool key(std::string& name) {
        if (depth_ > 1) {
            put(json_string(name));
            now().text += ':';
            return true;
        }
        auto const at = std::find(key_names.begin(), key_names.end(), name);
        known_ = at != key_names.end();
        if (!known_ && reader_.unknown_.empty()) reader_.unknown_ = name;
        key_ = known_ ? static_cast<std::size_t>(at - key_names.begin()) : 0;
        if (known_) now() = Value{};
        return true;
    }
    template <class Error> bool parse_error(std::size_t, std::string const&, Error const&) { return false; }

  private:
    Value& now() { return known_ ? reader_.values_[key_] : ignored_; }

    bool scalar(Value::Kind kind, std::string text) {
        if (depth_ == 0) return false;
        if (depth_ == 2) now().only_texts = false;
        if (depth_ > 1) {
            put(text);
            return true;
        }
        now().kind = kind;
        now().text = std::move(text);
        return true;
    }
    bool begin(Value::Kind kind, char bracket) {
        if (depth_ == 1) {
            now().kind = kind;
            now().text = bracket;
        } else {
            now().only_texts = false;
            put(std::string(1, bracket));
        }
        ++depth_;
        return true;
    }
    bool end(char bracket) {
        if (--depth_ > 0) now().text += bracket;
        return true;
    }
    // One more item; behind a bracket or a key it is the first.
    void put(std::string const& text) {
        std::string& all = now().text;
        char const last = all.back();
        if (last != '[' && last != '{' && last != ':') all += ',';
        all += text;
    }

    PacketLineReader& reader_;
    Value ignored_;
    std::size_t depth_ = 0;
    std::size_t key_ = 0;
    bool known_ = false;
};

std::string PacketLineReader::json_of(Key key) const {
    switch (value(key).kind) {
    case Value::Kind::number: return std::to_string(value(key).number);
    case Value::Kind::text: return json_string(value(key).text);
    default: return value(key).text;
    }
}

std::string const& PacketLineReader::text_of(Key key) const {
    static std::string const none;
    if (value(key).kind == Value::Kind::absent) return none;
    if (value(key).kind != Value::Kind::text) no_packet();
    return value(key).text;
}

U128 PacketLineReader::number_of(Key key, Field field, U128 absent) const {
    Value const& given = value(key);
    if (given.kind == Value::Kind::absent || given.kind == Value::Kind::null) return absent;
    auto const found = given.kind == Value::Kind::number ? std::optional<U128>(given.number)
                       : given.kind == Value::Kind::text ? value_by_name(field, given.text)
                                                         : std::nullopt;
    if (!found || *found > info(field).largest)
        throw std::runtime_error(fmt::format("'{}' has no value {}", key_names[key], json_of(key)));
    return *found;
}

void PacketLineReader::read_ends(Packet& packet) const {
    auto const source = parse_ip(text_of(src));
    packet[Field::family] = source && source->family == Family::v6 ? family_v6 : family_v4;
    if (value(family).kind != Value::Kind::absent) {
        bool const six = (value(family).kind == Value::Kind::number && value(family).number == 6) || value(family).text == "6.0";
        packet[Field::family] = six && value(family).kind != Value::Kind::text ? family_v6 : family_v4;
    }
    for (auto const& [key, field] : {std::pair(src, &src_field), std::pair(dst, &dst_field)}) {
        auto const ip = parse_ip(text_of(key));
        if (!ip || ip->family != packet.family())
            throw std::runtime_error(fmt::format("'{}' is no address of the packet's family", key_names[key]));
        packet[field(ip->family)] = ip->value;
    }
}

U128 PacketLineReader::protocol() const {
    Key const key = value(proto).kind == Value::Kind::absent ? protocol_ : proto;
    if (value(key).kind != Value::Kind::text) return number_of(key, Field::protocol, 0);
    auto const known = protocol_number(value(key).text, Vocabulary::linux_names);
    if (!known) throw std::runtime_error("unknown protocol " + json_of(key));
    return *known;
}

U128 PacketLineReader::tcp_flags(Packet const& packet) const {
    if (value(flags).kind != Value::Kind::list) {
        if (packet[Field::protocol] != number(Protocol::tcp)) return 0;
        return packet[Field::ct_state] == ct_state::new_ ? tcp_flag::syn : tcp_flag::ack;
    }
    if (!value(flags).only_texts) no_packet();
    U128 all = 0;
    for (std::string const& name : value(flags).items) {
        auto const bit = value_by_name(Field::tcp_flags, name);
        if (!bit) throw std::runtime_error("unknown tcp flag " + json_string(name));
        all |= *bit;
    }
    return all;
}

PacketLine PacketLineReader::read(std::string_view line) {
    for (Value& value : values_) value.kind = Value::Kind::absent;
    unknown_.clear();
    Events events(*this);
    if (!Json::sax_parse(line, &events)) no_packet();
    // A misspelt key would be another packet.
    if (!unknown_.empty())
        throw std::runtime_error(fmt::format("unknown key '{}'{}", unknown_, did_you_mean_text(unknown_, {key_names.begin(), key_names.end()})));
    PacketLine result;
    Packet& packet = result.packet;
    packet[Field::skuid] = packet[Field::skgid] = no_socket;
    read_ends(packet);
    packet[Field::protocol] = protocol();
    packet[Field::sport] = number_of(sport, Field::sport, 0);
    packet[Field::dport] = number_of(dport, Field::dport, 0);
    packet[Field::icmp_type] = number_of(icmp_type, Field::icmp_type, 0);
    packet[Field::icmp_code] = number_of(icmp_code, Field::icmp_code, 0);
    U128 const usual_state = is_never_tracked(packet) ? ct_state::untracked : ct_state::new_;
    packet[Field::ct_state] = number_of(ct_state, Field::ct_state, usual_state);
    packet[Field::mark] = number_of(mark, Field::mark, 0);
    packet[Field::ttl] = number_of(ttl, Field::ttl, 0);
    packet[Field::length] = number_of(length, Field::length, 0);
    if (value(iif).kind == Value::Kind::text) result.in = value(iif).text;
    if (value(oif).kind == Value::Kind::text) result.out = value(oif).text;
    packet[Field::iif] = interface_value(result.in);
    packet[Field::oif] = interface_value(result.out);
    packet[Field::tcp_flags] = tcp_flags(packet);
    packet[Field::dst_type] = usual_destination_type(packet);
    result.hook = hook_by_name(text_of(hook));
    if (value(hook).kind != Value::Kind::absent && !result.hook)
        throw std::runtime_error(fmt::format("there is no hook {}", json_of(hook)));
    if (value(id).kind != Value::Kind::absent) result.id = json_of(id);
    return result;
}

} // namespace portcullis::app
