import nats as client


async def test_messages_outlive_a_kill_and_a_restart(nats_server):
    connection = await client.connect(nats_server.url)
    stream = connection.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept.>"])
    await stream.publish("kept.one", b"1")
    await connection.close()
    nats_server.kill()
    nats_server.start()
    connection = await client.connect(nats_server.url)
    assert (await connection.jetstream().stream_info("KEPT")).state.messages == 1
    await connection.close()


async def test_a_wipe_forgets_every_stream(nats_server):
    connection = await client.connect(nats_server.url)
    await connection.jetstream().add_stream(name="FORGOTTEN", subjects=["gone.>"])
    await connection.close()
    nats_server.wipe()
    connection = await client.connect(nats_server.url)
    assert await connection.jetstream().streams_info() == []
    await connection.close()
