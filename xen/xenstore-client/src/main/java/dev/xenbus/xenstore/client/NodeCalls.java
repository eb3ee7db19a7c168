package dev.xenbus.xenstore.client;

import dev.xenbus.abi.xenstore.Permissions;
import java.io.IOException;
import java.util.List;

/// Requests that are waited for.
final class NodeCalls implements StoreOperations {
  private final AsyncOperations async;

  NodeCalls(AsyncOperations async) {
    this.async = async;
  }

  @Override
  public AsyncOperations async() {
    return async;
  }

  @Override
  public byte[] readBytes(String path) throws IOException {
    return async.readBytes(path).await();
  }

  @Override
  public void writeBytes(String path, byte[] value) throws IOException {
    async.writeBytes(path, value).await();
  }

  @Override
  public List<String> directory(String path) throws IOException {
    return async.directory(path).await();
  }

  @Override
  public void mkdir(String path) throws IOException {
    async.mkdir(path).await();
  }

  @Override
  public void rm(String path) throws IOException {
    async.rm(path).await();
  }

  @Override
  public Permissions getPermissions(String path) throws IOException {
    return async.getPermissions(path).await();
  }

  @Override
  public void setPermissions(String path, Permissions permissions) throws IOException {
    async.setPermissions(path, permissions).await();
  }
}
