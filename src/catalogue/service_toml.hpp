// One entry of the catalogue as TOML has it.
#pragma once
#include "catalogue/toml_reader.hpp"
#include "portcullis/catalogue/catalogue.hpp"

namespace portcullis {

// Reads the tables "NAME = { … }" into `services`: new entries at the end, known ones in place. `prefix` is how
// errors spell the table of an entry: "services." for [services.NAME].
void read_services(TomlValue::Table const& tables, std::string_view prefix, std::vector<Service>& services,
                   TomlReport& report);

// The keys of an entry.
std::vector<TomlField> service_fields();

} // namespace portcullis
