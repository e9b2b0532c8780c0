-- A signature's page adds up its rows of many days and versions. With their counts in the key it reads
-- the key alone, where they stand together, and not a row of the table for each.
ALTER TABLE signature_summary_os
    DROP CONSTRAINT signature_summary_os_pkey,
    ADD PRIMARY KEY (signature_id, report_date, product_version_id, os_version_string) INCLUDE (report_count);
ALTER TABLE signature_summary_uptime
    DROP CONSTRAINT signature_summary_uptime_pkey,
    ADD PRIMARY KEY (signature_id, report_date, product_version_id, uptime_string) INCLUDE (report_count);
ALTER TABLE signature_summary_products
    DROP CONSTRAINT signature_summary_products_pkey,
    ADD PRIMARY KEY (signature_id, report_date, product_version_id) INCLUDE (report_count);
ALTER TABLE signature_summary_architecture
    DROP CONSTRAINT signature_summary_architecture_pkey,
    ADD PRIMARY KEY (signature_id, report_date, product_version_id, architecture) INCLUDE (report_count);
ALTER TABLE signature_summary_process_type
    DROP CONSTRAINT signature_summary_process_type_pkey,
    ADD PRIMARY KEY (signature_id, report_date, product_version_id, process_type) INCLUDE (report_count);
ALTER TABLE signature_summary_flash_version
    DROP CONSTRAINT signature_summary_flash_version_pkey,
    ADD PRIMARY KEY (signature_id, report_date, product_version_id, flash_version) INCLUDE (report_count);
