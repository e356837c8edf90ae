#include "report/traffic_json.hpp"

namespace portcullis {

namespace {

constexpr U128 most_named = 256; // values of one interval that are named one by one

// Prefixes where addresses are some, "1024-65535" where numbers are a range, names where they have them, flags as in the text; {"not": …} where
// all interfaces but some are meant.
Json values_json(Field field, IntervalSet const& values) {
    Json items = Json::array();
    bool const interface = field == Field::iif || field == Field::oif;
    if (interface) {
        IntervalSet const others = IntervalSet(0, info(field).largest).minus(values);
        if (others.intervals().size() < values.intervals().size()) return {{"not", values_json(field, others)}};
    }
    if (info(field).kind == FieldKind::address) {
        for (Prefix const& prefix : to_prefixes(values, *info(field).family)) items.push_back(to_string(prefix));
        return items;
    }
    if (info(field).kind == FieldKind::flags) return flags_items(field, values);
    bool const ranges = info(field).kind == FieldKind::range || interface;
    for (Interval const& interval : values.intervals()) {
        if (ranges || interval.last - interval.first >= most_named) {
            items.push_back(values_text(field, IntervalSet(interval.first, interval.last)));
            continue;
        }
        for (U128 value = interval.first; value <= interval.last; ++value) items.push_back(value_text(field, value));
    }
    return items;
}

std::string key_of(Field field) {
    switch (field) {
    case Field::src4:
    case Field::src6: return "src";
    case Field::dst4:
    case Field::dst6: return "dst";
    case Field::protocol: return "protocol";
    case Field::sport: return "sport";
    case Field::dport: return "dport";
    case Field::iif: return "iif";
    case Field::oif: return "oif";
    case Field::ct_state: return "ct_state";
    default: return std::string(info(field).name);
    }
}

} // namespace

void add_fields(Json& json, Cube const& cube) {
    for (auto const& [field, values] : cube.fields)
        if (field != Field::family) json[key_of(field)] = values_json(field, values);
}

Json assumptions_json(std::vector<Assumption> const& assumptions) {
    Json json = Json::array();
    for (Assumption const& a : assumptions) json.push_back({{"match", a.text}, {"holds", a.holds}});
    return json;
}

Json treatment_json(Treatment const& treatment, Sources const& sources) {
    Json json{{"verdict", treatment.fate}, {"path", nullptr}, {"line", nullptr}};
    if (!treatment.span) return json;
    Source const& source = sources[treatment.span->source];
    json["path"] = source.path();
    json["line"] = source.locate(treatment.span->begin).line;
    return json;
}

Json proof_json(Proof const& proof, Sources const& sources) {
    return {{"way", proof.path},
            {"certainty", certainty_text(proof.certainty)},
            {"assumptions", assumptions_json(proof.assumptions)},
            {"witness", witness_json(proof.witness)},
            {"decided", treatment_json(proof.treatment, sources)}};
}

} // namespace portcullis
